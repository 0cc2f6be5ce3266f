// Where things are. Everything made by a build lives under target/npm and pkg, and can be deleted.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");
export const inRoot = (...parts) => join(root, ...parts);

export const cargoTarget = process.env.CARGO_TARGET_DIR ?? inRoot("target");
export const npmTarget = inRoot("target/npm");
export const pkg = inRoot("pkg");
