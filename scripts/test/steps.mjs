// The steps of `npm test`, in the order they run. `run` gets `{ tee }`, to pass to what prints how many tests passed.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildServers } from "../../benches/harness/servers.mjs";
import { build } from "../build.mjs";
import { buildChat, checkChat } from "../build/chat.mjs";
import { buildDocs } from "../docs.mjs";
import { buildFaultProxy } from "../echo-server.mjs";
import { Failure } from "../failure.mjs";
import { cargoTarget, inRoot } from "../paths.mjs";
import { run } from "../process.mjs";
import { consumerModules, forTests, frameworkModules, setup } from "../setup.mjs";
import { rustFeatures } from "./features.mjs";
import { wasmPackTest } from "./wasm-pack.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];

export const steps = [
  step("setup", "what the tests need is here", [], () => setup(forTests)),
  step("fmt", "everything is formatted", ["setup"], () => script("fmt.mjs", "--check")),
  step("clippy", "clippy, native; the fuzz targets compile", ["setup"], clippyNative),
  step("clippy-wasm", "clippy, wasm32", ["setup"], clippyWasm),
  step("doc", "the crate's documentation, without a warning, and its examples", ["setup"], doc),
  step("cargo-test", "native tests", ["setup"], cargoTest),
  step("build", "the npm package", ["setup"], build),
  step("types", "the package's types, as its users compile them", ["build"], types),
  step("docs", "the pages' links and examples, and the reference of the package", ["build"], () =>
    buildDocs({ rust: false }),
  ),
  step("chat", "the example: lints, and types that are those of its enum", ["build"], checkChat),
  step("facade", "ts/ decides nothing", ["setup"], () => script("check-facade.mjs")),
  step("size", "every entry is within its budget", ["build"], () => script("size.mjs", "--no-build")),
  step("instructions", "nothing takes more instructions than it may", ["setup"], () =>
    script("instructions.mjs"),
  ),
  step("wasm-chrome", "wasm-pack tests in Chromium", ["setup"], (to) => wasmPackTest("chrome", to)),
  step("wasm-firefox", "wasm-pack tests in Firefox", ["setup"], (to) => wasmPackTest("firefox", to)),
  step("wasm-webkit", "wasm-pack tests in WebKit", ["setup"], (to) => wasmPackTest("webkit", to)),
  step("node", "the package over a fake server and a fake clock, without a browser", ["build"], (to) =>
    nodeTests("node", to),
  ),
  step("packaging", "the package in its users' hands", ["build"], packaging),
  step("frameworks", "the package in each framework, in a real browser", ["build"], frameworks),
  step("e2e", "the package and the demo in real browsers", ["build"], e2e),
];

function step(name, title, needs, run) {
  return { name, title, needs, run };
}

function script(name, ...args) {
  return run(process.execPath, [inRoot("scripts", name), ...args]);
}

function clippy(...args) {
  return run("cargo", ["clippy", "--locked", "--all-targets", ...args, "--", "-D", "warnings"]);
}

/** The fuzz targets are a workspace of their own, whose fuzzer is not built here. */
async function clippyNative() {
  await clippy("--workspace", ...rustFeatures);
  const fuzz = ["--manifest-path", inRoot("fuzz/Cargo.toml"), "--target-dir", cargoTarget];
  await run("cargo", ["check", "--locked", "--no-default-features", "--bins", ...fuzz]);
}

async function clippyWasm() {
  await clippy("--package", "everwire", ...WASM, ...rustFeatures);
  for (const features of ["js", "js,session", "js,websocket"])
    await clippy("--package", "everwire", ...WASM, "--no-default-features", "--features", features);
}

async function doc() {
  const env = { RUSTDOCFLAGS: "-D warnings" };
  await run("cargo", ["doc", "--locked", "--no-deps", "--workspace", ...rustFeatures], { env });
  await run("cargo", ["doc", "--locked", "--no-deps", "--package", "everwire", ...WASM, ...rustFeatures], {
    env,
  });
  // The examples need a browser, so they are compiled and none is run.
  const examples = { env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "node --eval 0" } };
  await run(
    "cargo",
    ["test", "--locked", "--doc", "--package", "everwire", ...WASM, ...rustFeatures],
    examples,
  );
}

function cargoTest(to) {
  return run("cargo", ["test", "--locked", "--workspace", ...rustFeatures], to);
}

/** Each way in which TypeScript finds a package's types. */
async function types() {
  const tsc = inRoot("node_modules/typescript/bin/tsc");
  for (const [module, resolution] of [
    ["esnext", "bundler"],
    ["nodenext", "nodenext"],
  ]) {
    const how = ["--module", module, "--moduleResolution", resolution];
    await run(process.execPath, [tsc, "--project", inRoot("tests/types"), ...how]);
  }
}

async function packaging(to) {
  await setup([consumerModules]);
  await nodeTests("packaging", to);
}

async function frameworks(to) {
  await setup([frameworkModules]);
  // They mostly wait for connections to close.
  await nodeTests("frameworks", to, 2);
}

async function e2e(to) {
  // Before the first browser starts: beside a compiler every time-out is too short.
  await buildServers();
  await buildFaultProxy();
  await buildChat();
  await nodeTests("e2e", to, 2);
}

/** Files that start browsers run few at once: the time-outs are for a machine that has time for them. */
async function nodeTests(directory, to, atOnce = 1) {
  const files = existsSync(inRoot("tests", directory))
    ? readdirSync(inRoot("tests", directory)).filter((name) => name.endsWith(".test.mjs"))
    : [];
  if (files.length === 0)
    throw new Failure(`tests/${directory} holds no *.test.mjs: a step that tests nothing is no pass.`);
  const paths = files.map((name) => join("tests", directory, name));
  await run(
    process.execPath,
    ["--test", "--test-reporter=spec", `--test-concurrency=${atOnce}`, ...paths],
    to,
  );
}
