// Programs that cargo builds: each version in a directory of its own, in a cache that every clone shares.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../failure.mjs";
import { output, run } from "../process.mjs";
import { GECKODRIVER, WASM_PACK, wasmBindgenVersion } from "../versions.mjs";
import { putOnPath } from "./path.mjs";
import { say } from "../say.mjs";

export const wasmBindgen = () =>
  cargoTool({ name: "wasm-bindgen-cli", version: wasmBindgenVersion(), binary: "wasm-bindgen" });
export const wasmPack = () => cargoTool({ name: "wasm-pack", version: WASM_PACK });
export const geckodriver = () => cargoTool({ name: "geckodriver", version: GECKODRIVER });

async function cargoTool({ name, version, binary = name }) {
  if ((await versionOf(binary)) === version) return;
  const home = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "everwire/tools");
  const dir = join(home, `${name}-${version}`);
  if (!existsSync(join(dir, "bin", binary))) await install(name, version, dir);
  putOnPath(join(dir, "bin"));
  const found = await versionOf(binary);
  if (found === version) return;
  throw new Failure(
    `${binary} in the tool cache says version ${found}, not ${version}. Delete ${dir} and try again.`,
  );
}

async function versionOf(binary) {
  return /\d+\.\d+\.\d+\S*/.exec((await output(binary, ["--version"])) ?? "")?.[0];
}

async function install(name, version, dir) {
  say(`set-up: building ${name} ${version}, once for this machine (2 to 5 minutes)`);
  // Built beside its place and moved there whole, so that an interrupted build leaves nothing half made.
  const making = `${dir}.making-${process.pid}`;
  const removeMaking = () => rmSync(making, { recursive: true, force: true });
  process.once("exit", removeMaking);
  const args = ["install", name, "--version", version, "--root", making];
  mkdirSync(dirname(dir), { recursive: true });
  try {
    await run("cargo", [...args, "--locked"]).catch((error) => {
      say(`set-up: ${error.message} Trying once more with newer dependencies than ${name} was locked to.`);
      return run("cargo", args);
    });
    rmSync(dir, { recursive: true, force: true });
    renameSync(making, dir);
  } finally {
    removeMaking();
  }
}
