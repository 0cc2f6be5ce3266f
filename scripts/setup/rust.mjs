// The Rust toolchain's parts: the wasm32 target, rustfmt and clippy.
import { existsSync } from "node:fs";
import { Failure } from "../failure.mjs";
import { output, run } from "../process.mjs";
import { say } from "../say.mjs";

const TARGET = "wasm32-unknown-unknown";

export async function wasmTarget() {
  await cargo();
  const libdir = await output("rustc", ["--print", "target-libdir", "--target", TARGET]);
  if (libdir && existsSync(libdir.trim())) return;
  await add("target", TARGET);
}

export async function rustLinters() {
  await cargo();
  if (!(await output("cargo", ["fmt", "--version"]))) await add("component", "rustfmt");
  if (!(await output("cargo", ["clippy", "--version"]))) await add("component", "clippy");
}

async function cargo() {
  if (await output("cargo", ["--version"])) return;
  throw new Failure(
    "cargo does not run here. Everwire's core is written in Rust: install Rust with rustup, then try again.",
  );
}

async function add(kind, name) {
  if (!(await output("rustup", ["--version"]))) {
    throw new Failure(
      `The Rust ${kind} ${name} is missing, and rustup is not here to add it. Install it with what installed Rust.`,
    );
  }
  say(`set-up: adding the Rust ${kind} ${name}`);
  await run("rustup", [kind, "add", name]);
}
