// An application that imports every entry and uses one has that one in its bundle, and nothing of the others.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { parse } from "acorn";
import { entries } from "../../scripts/build/entries.mjs";
import { inRoot } from "../../scripts/paths.mjs";
import * as needs from "../../scripts/setup.mjs";
import { bundlers, bundleScript } from "./bundlers.mjs";
import { installed, pack } from "./pack.mjs";

/** Those that need no framework. The worker's script is imported for what it does. */
const ENTRIES = entries.filter(({ name, framework }) => !framework && name !== "worker-host");
const USED = { everwire: "Wire", url: "init, Wire", websocket: "WebSocket" };
/** What a page adds to a script is the same whoever bundles it. */
const BUNDLERS = Object.keys(bundlers).filter((name) => name !== "Parcel 2, a page");

/** Imports every entry and uses this one. */
function application(used) {
  const imports = ENTRIES.map(({ name }) => {
    const names = name === used ? `{ ${USED[used]} }` : `* as ${name.replace(/\W/g, "_")}`;
    return `import ${names} from "everwire${name === "everwire" ? "" : `/${name}`}";`;
  });
  return [...imports, `globalThis.used = { ${USED[used]} };`].join("\n");
}

const weigh = (code) => brotliCompressSync(code).length;

/** By bundler, how many bytes it adds at most, as docs/where-it-runs.md says. */
const stated = new Map(
  [
    ...readFileSync(inRoot("docs/where-it-runs.md"), "utf8").matchAll(
      /^\| ([^|]+?) +\|[^|]*\| +(\d+) bytes +\|/gm,
    ),
  ].map(([, name, bytes]) => [name, Number(bytes)]),
);

describe("an application that imports every entry and uses one", { concurrency: 2 }, () => {
  let packed;
  let home;
  let remove;
  before(async () => {
    await needs.consumerModules();
    packed = await pack();
    ({ home, remove } = await installed(packed.tarball));
  });
  after(() => {
    remove?.();
    packed?.remove();
  });

  const ownCode = (name) => readFileSync(join(packed.unpacked, "pkg", `${name}.js`), "utf8");

  /** The JavaScript of the application, all of its files. */
  async function bundledCode(bundler, used) {
    const source = join(home, "sources", used);
    const built = join(home, "built", bundler.replaceAll(/\W/g, "-"), used);
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, "main.js"), application(used));
    writeFileSync(join(source, "index.html"), `<script type="module" src="./main.js"></script>`);
    await bundleScript(bundler, home, source, built);
    const files = readdirSync(built, { recursive: true }).filter((file) => file.endsWith(".js"));
    return files.map((file) => readFileSync(join(built, file), "utf8")).join("\n");
  }

  for (const bundler of BUNDLERS) {
    for (const used of Object.keys(USED)) {
      it(`pays for ${used} and nothing else, by ${bundler}`, async () => {
        const code = await bundledCode(bundler, used);
        const bundled = textsOf(code);
        const own = textsOf(ownCode(used));
        // Files beside it get other names.
        assert.deepEqual(
          [...own].filter((text) => !bundled.has(text) && !text.startsWith("./")),
          [],
          `what it lacks of ${used}`,
        );
        for (const { name } of ENTRIES.filter(({ name }) => name !== used)) {
          const others = [...textsOf(ownCode(name))].filter((text) => !own.has(text));
          assert.ok(others.length > 0, `${name} has texts that ${used} has not`);
          assert.deepEqual(
            others.filter((text) => bundled.has(text)),
            [],
            `what it has of ${name}`,
          );
        }
        const [size, entrySize] = [code, ownCode(used)].map(weigh);
        const added = size - entrySize;
        assert.ok(added <= stated.get(bundler), `${size} bytes for ${entrySize}: ${added} more`);
      });
    }
  }
});

/** The texts of a module that are long enough to be nobody else's. */
function textsOf(code) {
  const tokens = [];
  parse(code, { ecmaVersion: "latest", sourceType: "module", onToken: tokens });
  const texts = tokens.filter(({ type }) => type.label === "string" || type.label === "template");
  return new Set(texts.map(({ value }) => value).filter((text) => text?.length >= 12));
}
