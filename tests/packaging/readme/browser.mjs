// Makes Node look like a page to the README's examples: loaded before them. `SERVER` is where example.com really is.
import WebSocket from "ws";

globalThis.window = globalThis;
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace("wss://example.com", process.env.SERVER), protocols);
  }
};
globalThis.fetch = async () => new Response("a fresh token");
