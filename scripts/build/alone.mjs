// One build at a time: `npm run dev` and `npm test` in two terminals write the same files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmTarget } from "../paths.mjs";
import { say } from "../say.mjs";

const LOCK = join(npmTarget, "building");
const LOOK_AGAIN = 100;

/** Runs `body` while no other process of this clone does. */
export async function alone(body) {
  mkdirSync(npmTarget, { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) say(`waiting for another build of this clone (process ${holder()})`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
  const release = () => rmSync(LOCK, { force: true });
  process.once("exit", release);
  try {
    return await body();
  } finally {
    process.off("exit", release);
    release();
  }
}

function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isAlive(holder())) rmSync(LOCK, { force: true });
    return false;
  }
}

function holder() {
  try {
    return Number(readFileSync(LOCK, "utf8"));
  } catch {
    return undefined;
  }
}

/** A build that was killed leaves its lock behind. Unread or empty, it was just made or just given up. */
function isAlive(pid) {
  if (!pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
