// The chat of examples/chat: its server, its page in Rust, and its page in TypeScript with the npm package in it.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../echo-server.mjs";
import { cargoTarget, inRoot } from "../paths.mjs";
import { run } from "../process.mjs";
import { forBuild, setup } from "../setup.mjs";

const TARGET = "wasm32-unknown-unknown";
const PROFILE = "page";
const COPIED = ["rust.html", "rust.js", "typescript.html", "chat.css"];

const example = inRoot("examples/chat");
const pages = inRoot("target/chat");
/** Beside the crate's own builds, which have compiled much of what it needs. */
const cargo = ["--locked", "--manifest-path", join(example, "Cargo.toml"), "--target-dir", cargoTarget];

/** Needs a built pkg/. */
export async function buildChat(options) {
  await setup(forBuild);
  mkdirSync(pages, { recursive: true });
  await run("cargo", ["build", ...cargo, "--package", "chat-server"], options);
  const profile = ["--profile", PROFILE, "--target", TARGET];
  await run("cargo", ["build", ...cargo, "--package", "chat-app", ...profile], options);
  const wasm = join(cargoTarget, TARGET, PROFILE, "chat-app.wasm");
  const bindgen = ["--target", "web", "--no-typescript", "--out-name", "chat_app", "--out-dir", pages];
  await run("wasm-bindgen", [...bindgen, wasm], options);
  for (const name of COPIED) copyFileSync(join(example, "page", name), join(pages, name));
  const esbuild = await import("esbuild");
  await esbuild.build({
    entryPoints: [join(example, "page/typescript.ts")],
    outfile: join(pages, "typescript.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
}

/** Starts the built chat: `{ http, exited, stop }`. */
export function startChat({ port = 0, flags = [], quiet = false } = {}) {
  const program = join(cargoTarget, "debug", "chat-server");
  return launch(program, [pages, String(port), ...flags], { quiet });
}

/** The types of the messages, the lints, and the types of the page in TypeScript. Needs a built pkg/. */
export async function checkChat(to) {
  const clippy = ["clippy", ...cargo, "--all-targets"];
  const native = ["--package", "chat-messages", "--package", "chat-server"];
  await run("cargo", [...clippy, ...native, "--", "-D", "warnings"]);
  await run("cargo", [...clippy, "--package", "chat-app", "--target", TARGET, "--", "-D", "warnings"]);
  await run("cargo", ["test", ...cargo, "--package", "chat-messages"], to);
  await run(process.execPath, [
    inRoot("node_modules/typescript/bin/tsc"),
    "--project",
    join(example, "page"),
  ]);
}
