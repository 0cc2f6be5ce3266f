import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { machinePath } from "../../scripts/build/machine-paths.mjs";
import { output, run } from "../../scripts/process.mjs";
import { pack } from "./pack.mjs";

/** What the package has an entry for, and works without. */
const FRAMEWORKS = ["react", "solid-js", "svelte", "vue"];

describe("the npm package", () => {
  let packed;
  let files;
  before(async () => {
    packed = await pack();
    files = readdirSync(packed.unpacked, { recursive: true }).filter((name) =>
      statSync(join(packed.unpacked, name)).isFile(),
    );
  });
  after(() => packed?.remove());

  it("holds its entries, their types, the wasm, the licences, the changelog, and nothing else", () => {
    const isSharedType = (name) => /^pkg\/[\w-]+\.d\.ts$/.test(name);
    assert.deepEqual(files.filter((name) => !isSharedType(name)).sort(), [
      "CHANGELOG.md",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "package.json",
      "pkg/README.md",
      "pkg/cbor.js",
      "pkg/debug.js",
      "pkg/everwire.js",
      "pkg/everwire.wasm",
      "pkg/json-rpc.js",
      "pkg/msgpack.js",
      "pkg/react.js",
      "pkg/rpc.js",
      "pkg/schema.js",
      "pkg/session.js",
      "pkg/solid.js",
      "pkg/svelte.js",
      "pkg/testing.js",
      "pkg/url.js",
      "pkg/vue.js",
      "pkg/websocket.js",
      "pkg/worker-host.js",
      "pkg/worker.js",
    ]);
  });

  it("holds every file that its exports name", () => {
    const { exports } = JSON.parse(readFileSync(join(packed.unpacked, "package.json"), "utf8"));
    const named = Object.values(exports).flatMap((target) =>
      typeof target === "string" ? target : Object.values(target),
    );
    for (const file of named) assert.ok(files.includes(file.replace("./", "")), file);
  });

  it("holds types that lead to nothing outside it", () => {
    for (const file of files.filter((name) => name.endsWith(".d.ts"))) {
      const text = readFileSync(join(packed.unpacked, file), "utf8");
      for (const [, name] of text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
        if (FRAMEWORKS.includes(name)) continue;
        assert.ok(files.includes(join("pkg", name.replace(/\.js$/, ".d.ts"))), `${file} leads to ${name}`);
      }
    }
  });

  it("asks for no other package, and each framework has an entry and is optional", () => {
    const { dependencies, peerDependencies, peerDependenciesMeta, exports } = JSON.parse(
      readFileSync(join(packed.unpacked, "package.json"), "utf8"),
    );
    assert.equal(dependencies, undefined);
    assert.deepEqual(Object.keys(peerDependencies), FRAMEWORKS);
    for (const name of FRAMEWORKS) {
      assert.deepEqual(peerDependenciesMeta[name], { optional: true });
      assert.ok(exports[`./${name.replace("-js", "")}`], name);
    }
  });

  it("does not tell where it was built", () => {
    for (const file of files) {
      assert.equal(machinePath(readFileSync(join(packed.unpacked, file), "latin1")), undefined, file);
    }
  });
});

describe("the crate", () => {
  it("holds its sources and what describes it, and nothing else", async () => {
    const list = await output("cargo", ["package", "--list", "--allow-dirty", "--package", "everwire"]);
    assert.ok(list, "cargo can list it");
    const files = list.trim().split("\n");
    const expected =
      /^(src\/.*\.(rs|js)|README\.md|CHANGELOG\.md|PROTOCOL\.md|docs\/sessions\.md|LICENSE-(MIT|APACHE)|Cargo\.(toml|toml\.orig|lock)|\.cargo_vcs_info\.json)$/;
    assert.deepEqual(
      files.filter((name) => !expected.test(name)),
      [],
    );
    for (const name of ["src/lib.rs", "README.md", "LICENSE-MIT", "LICENSE-APACHE"])
      assert.ok(files.includes(name), name);
  });

  it("can be packaged", async () => {
    await run("cargo", ["package", "--locked", "--no-verify", "--allow-dirty", "--package", "everwire"], {
      quiet: true,
    });
  });
});
