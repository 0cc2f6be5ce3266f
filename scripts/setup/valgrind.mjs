// What counts instructions.
import { programs } from "./programs.mjs";

/** Counts are those of one kind of processor and one system: elsewhere none are taken. */
export const countsHere = process.platform === "linux" && process.arch === "x64";

export async function valgrind() {
  if (countsHere) await programs({ valgrind: "valgrind" }, { who: "Counts of instructions" });
}
