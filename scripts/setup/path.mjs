import { delimiter } from "node:path";

/** Directories that this process has put on its PATH. */
export const added = [];

/** Puts a directory first on the PATH of this process and all that it starts. */
export function putOnPath(directory) {
  if (added.includes(directory)) return;
  added.push(directory);
  process.env.PATH = directory + delimiter + (process.env.PATH ?? "");
}
