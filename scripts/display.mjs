// An X display without a screen, for browsers that need one.
import { Failure } from "./failure.mjs";
import { start, stop } from "./process.mjs";

/** Starts one under a free number; resolves with the environment of a program that is to draw on it, and with `stop`. */
export async function startDisplay() {
  let printed = "";
  let tell;
  const number = new Promise((resolve) => (tell = resolve));
  const tee = (text) => {
    printed += text;
    const found = /^(\d+)\n/m.exec(printed);
    if (found) tell(found[1]);
  };
  const args = ["-displayfd", "1", "-screen", "0", "2000x1600x24", "-nolisten", "tcp"];
  const server = start("Xvfb", args, { quiet: true, tee });
  const found = await Promise.race([number, server.exited.then(() => undefined)]);
  if (found === undefined) throw new Failure(`Xvfb did not start: ${printed.trim()}`);
  return { env: { DISPLAY: `:${found}`, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1" }, stop: () => stop(server) };
}
