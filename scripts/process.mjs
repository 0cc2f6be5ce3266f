// Child processes: each leads a process group of its own, and no group outlives this process.
import { spawn } from "node:child_process";
import { root } from "./paths.mjs";
import { Failure } from "./failure.mjs";

const groups = new Set();

/**
 * Starts a command. `tee` also receives its output as text while it is printed; `quiet` prints nothing. With `input` it reads
 * what is written to its `stdin`, else nothing.
 */
export function start(command, args = [], { cwd = root, env, tee, quiet = false, input = false } = {}) {
  const piped = tee !== undefined || quiet;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input ? "pipe" : "ignore", piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
    detached: true,
  });
  if (child.pid !== undefined) groups.add(child.pid);
  for (const [stream, printed] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    stream?.setEncoding("utf8").on("data", (text) => {
      if (!quiet) printed.write(text);
      tee?.(text);
    });
  }
  child.exited = new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  // A finished leader may leave others of its group behind (a browser, say): they end with it.
  child.on("exit", () => endGroup(child.pid));
  return child;
}

/** Runs a command to its end; anything but exit code 0 is a Failure, which tells what a quiet one printed. */
export async function run(command, args = [], options = {}) {
  let printed = "";
  const tee = options.quiet ? (text) => (printed += text) : options.tee;
  const { error, code, signal } = await start(command, args, { ...options, tee }).exited;
  if (error?.code === "ENOENT") throw new Failure(`${command} is not installed, or not on PATH.`);
  if (error) throw error;
  if (code === 0) return;
  const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
  throw new Failure(`\`${[command, ...args].join(" ")}\` ${how}.${printed && `\n${printed.trim()}`}`);
}

/** What a command prints, or undefined where it is missing or fails. */
export async function output(command, args = [], options = {}) {
  let text = "";
  const tee = (part) => (text += part);
  const { error, code } = await start(command, args, { ...options, quiet: true, tee }).exited;
  return error || code !== 0 ? undefined : text;
}

/** Ends a started process with everything it started, by this signal, and waits until it is gone. */
export async function stop(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  endGroup(child.pid, signal);
  const timer = setTimeout(() => endGroup(child.pid, "SIGKILL"), 5_000);
  await child.exited;
  clearTimeout(timer);
}

function endGroup(pid, signal = "SIGTERM") {
  if (!groups.has(pid)) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The whole group is gone: its number may be given to others, so it is never signalled again.
    if (error.code === "ESRCH") groups.delete(pid);
  }
}

process.on("exit", () => groups.forEach((pid) => endGroup(pid)));
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, () => process.exit(code));
}
