// Programs that a package manager brings: found, or on Debian installed.
import { existsSync } from "node:fs";
import { Failure } from "../failure.mjs";
import { output, run } from "../process.mjs";
import { say } from "../say.mjs";

/**
 * `wanted` maps a program to the Debian package that holds it, `signs` one to the command that shows it is here where
 * that is not `--version`. `who` needs them.
 */
export async function programs(wanted, { who, signs = {} }) {
  const missing = await absent(wanted, signs);
  if (missing.length === 0) return;
  const packages = missing.map((program) => wanted[program]);
  const mayInstall = existsSync("/etc/debian_version") && process.getuid?.() === 0;
  if (mayInstall) {
    say(`set-up: installing ${packages.join(", ")}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
  }
  const still = await absent(wanted, signs);
  if (still.length === 0) return;
  throw new Failure(
    `Not found: ${still.join(", ")}. ${who} need ${still.length > 1 ? "them" : "it"}. ` +
      `On Debian or Ubuntu run: sudo apt-get install ${packages.join(" ")}. ` +
      `Elsewhere install ${still.join(" and ")} and put programs on PATH.`,
  );
}

async function absent(wanted, signs) {
  const missing = [];
  for (const program of Object.keys(wanted)) {
    const [command, ...args] = signs[program] ?? [program, "--version"];
    if ((await output(command, args)) === undefined) missing.push(program);
  }
  return missing;
}
