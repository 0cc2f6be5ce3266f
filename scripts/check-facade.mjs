// ts/ is a face and decides nothing: no timer, no clock, no chance, no storage, and no state outside objects. All of
// that is the Rust core's, where it is tested natively. The two speak in numbers, which are the same on both sides.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, main } from "./failure.mjs";
import { inRoot } from "./paths.mjs";
import { nodeModules, setup } from "./setup.mjs";

// These hold the one wasm instance of a page, or its one worker and what stands for it, or the wires that its components
// share, and nothing else.
const HOLDS_THE_INSTANCE = [
  "load.ts",
  join("worker", "remote.ts"),
  join("worker", "running.ts"),
  "shared.ts",
];
// These are the host, as tests have it, and hold what a host holds.
const IS_THE_HOST = [
  "fake-clock.ts",
  "fake-server.ts",
  join("testing", "lane.ts"),
  join("testing", "tasks.ts"),
];
// A switch that people set is read and nothing kept; dates are decoded and encoded, and nobody reads the clock; the core
// knows nothing of components, and so not that the last is gone; and no core runs in a worker that does not begin.
const ALLOWED = {
  "debug.ts": "localStorage",
  "msgpack.ts": "Date",
  "cbor.ts": "Date",
  "shared.ts": "setTimeout",
  [join("worker", "running.ts")]: "setTimeout",
};

const GLOBALS = new Map([
  ...["setTimeout", "setInterval", "setImmediate"].map((name) => [name, "timers are the core's"]),
  ...["requestAnimationFrame", "requestIdleCallback", "queueMicrotask"].map((name) => [
    name,
    "when is the core's to say",
  ]),
  ["MessageChannel", "when is the core's to say"],
  ["Date", "the core is told the time, and nobody else reads it"],
  ...["localStorage", "sessionStorage", "indexedDB"].map((name) => [name, "what is kept is the core's"]),
]);
const METHODS = new Map([
  ["performance.now", "the core is told the time, and nobody else reads it"],
  ["Math.random", "chance is the core's"],
]);
const GLOBAL_OBJECTS = ["globalThis", "window", "self"];
const COLLECTIONS = ["Map", "Set", "WeakMap", "WeakSet", "Array", "Object"];

await main(async () => {
  await setup([nodeModules]);
  const files = readdirSync(inRoot("ts"), { recursive: true }).filter(
    (name) => name.endsWith(".ts") && !IS_THE_HOST.includes(name),
  );
  const found = [];
  for (const file of files) found.push(...(await breaches(file)));
  if (found.length > 0) throw new Failure(`ts/ must decide nothing and hold no state:\n${found.join("\n")}`);
  const agreed = numbersAgreed();
  console.log(
    `${files.length} files in ts/ decide nothing, and ${agreed} of its numbers are those of the core`,
  );
});

/** How many numbers have a name on both sides of the face; there they are the same. */
function numbersAgreed() {
  const read = (files, declaration) => {
    const text = files.map((file) => readFileSync(inRoot(file), "utf8")).join("\n");
    return new Map(Array.from(text.matchAll(declaration), ([, name, value]) => [name, value]));
  };
  const face = read(["ts/core.ts"], /^export const (\w+) = (.+);$/gm);
  const core = read(
    ["numbers", "session", "plain"].map((name) => `src/web/js/${name}.rs`),
    /^(?:pub\(super\) )?const (\w+): \w+ = (.+);$/gm,
  );
  const common = [...face.keys()].filter((name) => core.has(name));
  const differ = common.filter((name) => Number(face.get(name)) !== Number(core.get(name)));
  if (differ.length > 0 || common.length === 0) {
    throw new Failure(`ts/core.ts and src/web/js differ: ${differ.join(", ") || "no name is in both"}`);
  }
  return common.length;
}

async function breaches(file) {
  const [acorn, esbuild] = await Promise.all([import("acorn"), import("esbuild")]);
  const source = readFileSync(inRoot("ts", file), "utf8");
  const { code } = await esbuild.transform(source, { loader: "ts", target: "es2022" });
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const found = [];
  walk(program, (node, parent, key) => {
    const used = usedGlobal(node, parent, key) ?? usedMethod(node);
    if (used && ALLOWED[file] !== used.name)
      found.push(`  ${place(source, file, used.name)}: ${used.name}: ${used.why}`);
  });
  if (!HOLDS_THE_INSTANCE.includes(file)) {
    for (const name of moduleState(program)) {
      found.push(
        `  ${place(source, file, name)}: ${name} is state of the module; state belongs to objects, or to Rust`,
      );
    }
  }
  return [...new Set(found)];
}

function usedGlobal(node, parent, key) {
  if (node.type === "Identifier" && isReference(parent, key) && GLOBALS.has(node.name)) {
    return { name: node.name, why: GLOBALS.get(node.name) };
  }
  const name = node.type === "MemberExpression" && propertyName(node);
  if (name && GLOBAL_OBJECTS.includes(node.object.name) && GLOBALS.has(name))
    return { name, why: GLOBALS.get(name) };
  return undefined;
}

/** Not `object.name` and not `{ name: … }`, which only look like the global. */
function isReference(parent, key) {
  if (key === "property") return parent.computed;
  if (key === "key") return parent.computed;
  return true;
}

function usedMethod(node) {
  if (node.type !== "MemberExpression") return undefined;
  const object = node.object.type === "MemberExpression" ? propertyName(node.object) : node.object.name;
  const name = `${object}.${propertyName(node)}`;
  return METHODS.has(name) ? { name, why: METHODS.get(name) } : undefined;
}

function propertyName({ computed, property }) {
  return computed ? property.value : property.name;
}

/** Names of what a module, or a class itself, holds and can change. */
function moduleState(program) {
  const names = [];
  for (const statement of program.body) {
    const declaration = statement.declaration ?? statement;
    if (declaration.type === "VariableDeclaration") {
      for (const { id, init } of declaration.declarations) {
        if (declaration.kind !== "const" || isEmptyCollection(init)) names.push(id.name ?? "a pattern");
      }
    }
    if (declaration.type !== "ClassDeclaration") continue;
    for (const { type, static: isStatic, key, value } of declaration.body.body) {
      if (type === "PropertyDefinition" && isStatic && (!value || isEmptyCollection(value)))
        names.push(key.name);
    }
  }
  return names;
}

/** A collection that starts empty is there to be filled. */
function isEmptyCollection(init) {
  if (init?.type === "NewExpression")
    return COLLECTIONS.includes(init.callee.name) && init.arguments.length === 0;
  if (init?.type === "ArrayExpression") return init.elements.length === 0;
  return init?.type === "ObjectExpression" && init.properties.length === 0;
}

function walk(node, visit, parent, key) {
  visit(node, parent, key);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") walk(child, visit, node, name);
    }
  }
}

/** Types are gone from the code that was read, so the lines that say the name are looked up in the source. */
function place(source, file, name) {
  const word = new RegExp(`\\b${name.replace(/[.$]/g, "\\$&")}\\b`);
  const isComment = /^\s*(\*|\/\/|\/\*)/;
  const lines = source
    .split("\n")
    .flatMap((text, i) => (word.test(text) && !isComment.test(text) ? [i + 1] : []));
  return `ts/${file}:${lines.join(",")}`;
}
