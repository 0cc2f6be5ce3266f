/**
 * Everwire with its WebAssembly in a file of its own, streamed and cached separately: `await init()` first.
 * @module
 */
import { start, supply } from "./load.ts";

/**
 * Fetches and compiles the WebAssembly, from beside this module unless a URL is given, or a `Request`, whose `signal` can
 * give it up.
 */
export const init = async (
  url: string | URL | Request = new URL("./everwire.wasm", import.meta.url),
): Promise<void> => {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(
      `The WebAssembly could not be fetched: HTTP ${response.status}. Serve everwire.wasm, or pass its URL to init().`,
    );
  // A server that does not know the MIME type application/wasm costs the streaming, not the wire.
  const streamed = response.headers.get("content-type")?.startsWith("application/wasm");
  const module = streamed
    ? await WebAssembly.compileStreaming(response)
    : await WebAssembly.compile(await response.arrayBuffer());
  supply(() => module);
  start();
};

export * from "./api.ts";
