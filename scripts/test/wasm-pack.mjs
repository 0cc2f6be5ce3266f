// The Rust tests that run in a browser, against the native server.
import { createServer } from "node:net";
import { startDisplay } from "../display.mjs";
import { buildServer, startServer } from "../echo-server.mjs";
import { Failure } from "../failure.mjs";
import { onPath } from "../on-path.mjs";
import { run } from "../process.mjs";
import { rustFeatures } from "./features.mjs";

const USUAL_PORT = 9001;

export async function wasmPackTest(browser, { tee }) {
  await buildServer();
  // The tests are compiled for one address: the usual one saves compiling them again.
  const server = await startServer({ port: (await isFree(USUAL_PORT)) ? USUAL_PORT : 0, quiet: true });
  // wasm-pack takes WebKitWebDriver for Safari's driver: they speak alike.
  const display = browser === "webkit" ? await startDisplay() : undefined;
  const chosen = display ? ["--safari", "--safaridriver", onPath("WebKitWebDriver")] : [`--${browser}`];
  let ran = false;
  try {
    await run("wasm-pack", ["test", "--headless", ...chosen, ".", ...rustFeatures], {
      tee: (text) => {
        ran ||= text.includes("Running headless tests");
        tee(text);
      },
      env: {
        ...display?.env,
        EVERWIRE_PEER: server.ws,
        // In seconds, for all tests of one program, such as tests/web; the default is 20.
        WASM_BINDGEN_TEST_TIMEOUT: "300",
        WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60",
      },
    });
  } finally {
    await display?.stop();
    await server.stop();
  }
  if (!ran) throw new Failure("No test ran in the browser: a step that tests nothing is no pass.");
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
