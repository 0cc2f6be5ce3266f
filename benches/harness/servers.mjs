// The servers that subjects talk to: the native peer, and one of socket.io's own.
import { launch, startServer } from "../../scripts/echo-server.mjs";
import { inRoot } from "../../scripts/paths.mjs";

/** Runs `body({ urls, pids, native })` with fresh servers, by name: `native` and `socket.io`. */
export async function withServers(body) {
  const native = await startServer({ release: true, quiet: true, flags: ["--allow-origin", "*"] });
  try {
    const socketIo = await launch(process.execPath, [inRoot("benches/peers/socket-io.mjs")], { quiet: true });
    try {
      const urls = { native: `${native.ws}/ws`, "socket.io": `${socketIo.ws}/` };
      return await body({ urls, pids: { native: native.pid, "socket.io": socketIo.pid }, native });
    } finally {
      await socketIo.stop();
    }
  } finally {
    await native.stop();
  }
}
