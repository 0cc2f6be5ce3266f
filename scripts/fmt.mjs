// Formats Rust with cargo fmt and the rest with prettier: `npm run fmt`, or `npm run fmt -- --check` to only look.
import { Failure, main } from "./failure.mjs";
import { inRoot } from "./paths.mjs";
import { run } from "./process.mjs";
import { nodeModules, rustLinters, setup } from "./setup.mjs";

// What ts-rs and the bench write has its own form.
const FILES = [
  "**/*.{ts,tsx,mts,js,mjs,jsx,vue,css,html,json}",
  "!benches/results.json",
  "!examples/chat/page/generated/**",
];
// Beside the workspace.
const CRATES = ["benches/rust/Cargo.toml", "examples/chat/Cargo.toml", "fuzz/Cargo.toml"];

await main(async (args) => {
  const check = args.includes("--check");
  await setup([nodeModules, rustLinters]);
  const results = await Promise.allSettled([
    run("cargo", ["fmt", "--all", ...(check ? ["--check"] : [])]),
    ...CRATES.map((manifest) =>
      run("cargo", ["fmt", "--all", "--manifest-path", manifest, ...(check ? ["--check"] : [])]),
    ),
    run(process.execPath, [
      inRoot("node_modules/prettier/bin/prettier.cjs"),
      ...(check ? ["--check"] : ["--write", "--list-different"]),
      ...FILES,
    ]),
  ]);
  if (results.every(({ status }) => status === "fulfilled")) return;
  throw new Failure(
    check ? "Not formatted as it should be: run `npm run fmt`." : "Some files could not be formatted.",
  );
});
