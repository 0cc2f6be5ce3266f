// The subjects in Rust: one wasm each, built from benches/rust.
import { join } from "node:path";
import { featureOptions } from "../../scripts/build/wasm-features.mjs";
import { cargoTarget, inRoot } from "../../scripts/paths.mjs";
import { run } from "../../scripts/process.mjs";
import { setup, wasmBindgen, wasmTarget } from "../../scripts/setup.mjs";

const here = inRoot("benches/rust");
const target = join(cargoTarget, "bench");

/** The cargo feature of each. */
const FEATURES = ["everwire", "session", "gloo", "ws_stream"];

export async function buildRust() {
  await setup([wasmTarget, wasmBindgen]);
  for (const feature of FEATURES) {
    const args = [
      "build",
      "--locked",
      "--release",
      "--target",
      "wasm32-unknown-unknown",
      "--features",
      feature,
    ];
    await run("cargo", args, { cwd: here, env: { CARGO_TARGET_DIR: target }, quiet: true });
    const built = join(target, "wasm32-unknown-unknown/release/everwire_bench.wasm");
    const names = ["--out-dir", join(target, feature), "--out-name", "client"];
    await run("wasm-bindgen", ["--target", "web", "--omit-default-module-path", ...names, built]);
    const wasm = join(target, feature, "client_bg.wasm");
    const optimised = ["-O3", "--strip-debug", "--strip-producers", ...featureOptions, wasm, "-o", wasm];
    await run(process.execPath, [inRoot("node_modules/binaryen/bin/wasm-opt"), ...optimised]);
  }
}

/** For esbuild: `rust:FEATURE/glue` and `rust:FEATURE/wasm`. */
export const rustGlue = {
  name: "rust",
  setup({ onResolve }) {
    onResolve({ filter: /^rust:/ }, ({ path }) => {
      const [feature, what] = path.slice("rust:".length).split("/");
      return { path: join(target, feature, what === "glue" ? "client.js" : "client_bg.wasm") };
    });
  },
};
