import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program is. Given a driver's own path, selenium-webdriver looks for nothing and downloads nothing. */
export function onPath(program) {
  const directories = process.env.PATH.split(delimiter);
  return directories.map((directory) => join(directory, program)).find((file) => existsSync(file));
}
