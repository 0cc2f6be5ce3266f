// The Rust core: cargo to wasm, wasm-bindgen to glue, wasm-opt to size.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { cargoTarget, inRoot, npmTarget, pkg } from "../paths.mjs";
import { output, run } from "../process.mjs";
import { shortenNames } from "./glue.mjs";
import { trapAtOnce } from "./panics.mjs";
import { featureOptions } from "./wasm-features.mjs";
import { withoutAlignments } from "./wasm-text.mjs";

const RECIPE = ["wasm", "panics", "glue", "rewrite", "wasm-features", "wasm-text", "wasm-unpack"].map(
  (name) => `scripts/build/${name}.mjs`,
);
/** The program that unpacks what an entry has in it. */
export const unpacker = join(npmTarget, "unpack.wasm");
const TARGET = "wasm32-unknown-unknown";
const PROFILE = "wasm-release";
// A crate that is always a cdylib too is written under one name whatever its features and dependencies, so that builds that
// share a target directory would link each other's.
const CARGO = [
  "rustc",
  "--crate-type",
  "cdylib",
  "--locked",
  "--profile",
  PROFILE,
  "--target",
  TARGET,
  "--lib",
  "--no-default-features",
];
const BINDGEN = ["--target", "web", "--omit-default-module-path", "--out-name", "everwire"];

/** What is called once stays a function of its own, unless it is tiny: bodies that look alike compress better. */
const INLINING = ["--one-caller-inline-max-function-size=0", "--always-inline-max-function-size=4"];
const STRIPPED = ["--strip-debug", "--strip-producers", "--strip-target-features"];
/** The first kilobyte is the far end of the stack, a megabyte away from where it begins. */
const MEMORY = ["--low-memory-unused"];
const SMALLER = ["-Oz", "--converge", ...INLINING, ...MEMORY, ...STRIPPED];
/** Once all is small: control flow is built anew from its graph, and what that leaves made small again. */
const RESHAPED = ["--flatten", "--rereloop", "-Oz", ...SMALLER];

/** Little inlining, loops as they are written, and what two branches have in common once. */
const CODEGEN = [
  "-inline-threshold=25",
  ...["-unroll-threshold=0", "-unroll-partial-threshold=0", "-unroll-count=1", "-unroll-runtime=false"],
  ...["-disable-lsr", "-sink-common-insts"],
].join(" ");

const compiled = join(cargoTarget, TARGET, PROFILE, "everwire.wasm");

/** What is built of the core: its cargo features, and where the finished wasm, what is left of its glue and its exports' names lie. */
const core = (name, features) => ({
  features,
  glueDir: join(npmTarget, name),
  glue: join(npmTarget, name, "everwire.js"),
  names: join(npmTarget, name, "names.json"),
  wasm: join(npmTarget, `${name}.wasm`),
  stamp: join(npmTarget, `${name}.stamp`),
});
export const cores = {
  plain: core("plain", "js"),
  session: core("session", "js,session"),
  webSocket: core("websocket", "js,websocket"),
};

/** Leaves each core in target/npm, and the plain one in pkg too. */
export async function buildWasm() {
  const env = { CARGO_ENCODED_RUSTFLAGS: await rustFlags() };
  mkdirSync(npmTarget, { recursive: true });
  await assemble("scripts/build/wasm-unpack.wat", unpacker);
  for (const core of Object.values(cores)) {
    await run("cargo", [...CARGO, "--features", core.features], { env });
    await finish(core);
  }
  mkdirSync(pkg, { recursive: true });
  copyFileSync(cores.plain.wasm, join(pkg, "everwire.wasm"));
}

async function finish({ glueDir, glue, names, wasm, stamp }) {
  const inputs = fingerprint();
  if (existsSync(stamp) && existsSync(wasm) && readFileSync(stamp, "utf8") === inputs) return;
  rmSync(stamp, { force: true });
  mkdirSync(glueDir, { recursive: true });
  await run("wasm-bindgen", [...BINDGEN, "--out-dir", glueDir, compiled]);
  const bound = join(glueDir, "everwire_bg.wasm");
  await trapAtOnce(bound);
  const wasmOpt = [binaryen("wasm-opt"), ...featureOptions];
  await run(process.execPath, [...wasmOpt, ...SMALLER, bound, "-o", wasm]);
  const shorter = ["--minify-imports-and-exports-and-modules", wasm, "-o", wasm];
  const mapping = await output(process.execPath, [...wasmOpt, ...shorter]);
  writeFileSync(names, JSON.stringify(shortenNames(glue, mapping)));
  await run(process.execPath, [...wasmOpt, ...RESHAPED, wasm, "-o", wasm]);
  writeFileSync(wasm, withoutAlignments(readFileSync(wasm), readFileSync(unpacker)));
  // Throws where an engine would refuse it.
  await WebAssembly.compile(readFileSync(wasm));
  writeFileSync(stamp, inputs);
}

async function assemble(wat, wasm) {
  await run(process.execPath, [binaryen("wasm-as"), inRoot(wat), "-o", wasm]);
  await run(process.execPath, [binaryen("wasm-opt"), "-Oz", "--converge", ...STRIPPED, wasm, "-o", wasm]);
}

const binaryen = (program) => inRoot("node_modules/binaryen/bin", program);

function fingerprint() {
  const hash = createHash("sha256");
  for (const file of [
    compiled,
    unpacker,
    ...["Cargo.lock", "package-lock.json", ...RECIPE].map((name) => inRoot(name)),
  ]) {
    hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** Panic locations name source files: all but the last of these flags cut off where those lie on this machine. */
async function rustFlags() {
  await run("cargo", ["fetch", "--locked", "--target", TARGET, "--quiet"]);
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const registry = join(cargoHome, "registry/src");
  const prefixes = existsSync(registry) ? readdirSync(registry).map((name) => join(registry, name)) : [];
  const sysroot = (await output("rustc", ["--print", "sysroot"]))?.trim();
  return [...prefixes.map((path) => [path, "crates"]), [sysroot, "rust"], [inRoot(), "everwire"]]
    .map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
    .concat(`-Cllvm-args=${CODEGEN}`)
    .join("\x1f");
}
