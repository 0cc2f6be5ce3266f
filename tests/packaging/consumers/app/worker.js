// A worker of either kind: it tells whoever hands it the peer how it went.
import { Wire } from "everwire";
import { SessionWire } from "everwire/session";
import { echo } from "./echo.js";

const serve = (port) => {
  port.onmessage = async ({ data: peer }) => {
    const echoed = Promise.all([echo(Wire, peer), echo(SessionWire, peer, "delivered")]);
    port.postMessage(await echoed.then(() => "ok", String));
  };
};

if ("SharedWorkerGlobalScope" in globalThis) onconnect = ({ ports: [port] }) => serve(port);
else serve(globalThis);
