import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { transform } from "esbuild";
import { WebSocketServer } from "ws";
import { inRoot } from "../../scripts/paths.mjs";
import { run, start, stop } from "../../scripts/process.mjs";
import { installed, pack } from "./pack.mjs";
import { compared, measured, stated } from "./readme/sizes.mjs";

const readme = readFileSync(inRoot("README.md"), "utf8");
const source = (name) => readFileSync(inRoot(name), "utf8");
// Those of the other pages are compiled by scripts/docs/examples.mjs.
const examples = ["README.md", "pkg/README.md"].flatMap((page) =>
  [...source(page).matchAll(/^```(ts|js)\n([^]*?)^```$/gm)].map(([, language, code]) => ({
    page,
    language,
    code,
  })),
);

describe("the examples of the documentation", () => {
  let packed;
  let application;
  let home;
  let server;
  before(async () => {
    packed = await pack();
    application = await installed(packed.tarball);
    ({ home } = application);
    cpSync(inRoot("node_modules/ws"), join(home, "node_modules/ws"), { recursive: true });
    for (const name of ["browser.mjs", "outside.d.ts"])
      copyFileSync(inRoot("tests/packaging/readme", name), join(home, name));
    mkdirSync(join(home, "examples"));
    for (const [index, { language, code }] of examples.entries())
      writeFileSync(join(home, `examples/${index}.${language}`), code);
    server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
  });
  after(() => {
    for (const client of server?.clients ?? []) client.terminate();
    server?.close();
    packed?.remove();
    application?.remove();
  });

  /** Whoever connects next is served by `answer(message)`, whose texts are sent back. */
  function serve(answer) {
    server.removeAllListeners("connection").on("connection", (socket) => {
      socket.on("message", (data, isBinary) => {
        for (const text of answer(isBinary ? data : String(data))) socket.send(text);
      });
    });
  }

  /** Runs the example that holds `text` until it ends, or until it has printed `end`. */
  async function prints(text, { inPage = true, args = [], end } = {}) {
    const { code, language } = examples.find((example) => example.code.includes(text));
    const file = join(home, "example.mjs");
    writeFileSync(file, (await transform(code, { loader: language })).code);
    const address = `ws://127.0.0.1:${server.address().port}`;
    const preload = inPage ? ["--import", join(home, "browser.mjs")] : [];
    let printed = "";
    const ended = deferred();
    const tee = (part) => {
      printed += part;
      if (end && printed.includes(end)) ended.resolve();
    };
    const child = start(
      process.execPath,
      [...preload, file, ...args.map((arg) => arg.replace("SERVER", address))],
      {
        cwd: home,
        env: { SERVER: address },
        quiet: true,
        tee,
      },
    );
    const timer = setTimeout(ended.resolve, 30_000);
    await Promise.race([child.exited, ended.promise]);
    clearTimeout(timer);
    await stop(child);
    return printed.trim().split("\n");
  }

  it("are all found", () => {
    assert.ok(examples.length >= 7, `${examples.length} examples`);
  });

  it("compile against the package", async () => {
    const { compilerOptions } = JSON.parse(source("tests/types/tsconfig.json"));
    const tsconfig = {
      compilerOptions: {
        ...compilerOptions,
        module: "nodenext",
        moduleResolution: "nodenext",
        moduleDetection: "force",
        allowJs: true,
        checkJs: true,
      },
      include: ["examples", "outside.d.ts"],
    };
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = inRoot("node_modules/typescript/bin/tsc");
    await run(process.execPath, [tsc, "--project", join(home, "tsconfig.json")], { cwd: home, quiet: true });
  });

  it("the main one logs in, watches a price and closes", async () => {
    const heard = [];
    serve((text) => {
      const message = JSON.parse(text);
      heard.push(message);
      if (message.type === "login") return [`{"type":"welcome","user":"you"}`];
      return [1.08, 1.12, 1.2].map((bid) => JSON.stringify({ type: "price", symbol: message.symbol, bid }));
    });
    const lines = await prints("newToken");
    assert.deepEqual(heard, [
      { type: "login", token: "a fresh token" },
      { type: "watch", symbol: "EURUSD" },
    ]);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("EURUSD")),
      [
        "Connecting",
        "Connecting",
        "Connected",
        "The browser took it.",
        "Closing",
        "Closed: ClosedByApplication",
      ],
    );
    assert.deepEqual(lines.filter((line) => line.startsWith("EURUSD")).slice(0, 2), [
      "EURUSD 1.08",
      "EURUSD 1.12",
    ]);
  });

  it("the one for Node talks to a server", async () => {
    serve((text) => [text.toUpperCase()]);
    assert.deepEqual(await prints('from "ws"', { inPage: false, args: ["SERVER"] }), [
      "The server says: HELLO, SERVER!",
    ]);
  });

  it("the codec encodes and decodes", async () => {
    serve((bytes) => [bytes]);
    assert.deepEqual(await prints("Float64Array", { end: "3 4\n" }), ["3 4"]);
  });

  it("the one of the package's page sends and hears", async () => {
    serve(() => [`{"type":"price","symbol":"EURUSD","bid":1.5}`]);
    const { code } = examples.find(({ page }) => page === "pkg/README.md");
    assert.deepEqual(await prints(code, { end: "1.5\n" }), ["open", "EURUSD 1.5"]);
  });
});

describe("the tables of the README", () => {
  /** The first cells of the table under a heading row that begins so, each without its backticks. */
  function table(heading) {
    const [, ...lines] = readme.slice(readme.search(new RegExp(`^\\| ${heading} +\\|`, "m"))).split("\n");
    const rows = lines.slice(
      1,
      lines.findIndex((line) => !line.startsWith("|")),
    );
    return rows.map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  const names = (rows) => rows.map(([name]) => name.replaceAll("`", ""));
  /** A source without what is of sessions alone: docs/sessions.md tells of that. */
  const plain = (name) => source(name).replace(/\.\.\.\(SESSION \? \[[^\]]*\] : \[([^\]]*)\]\)/g, "$1");
  const quoted = (text) => [...text.matchAll(/"([\w-]+)"/g)].map(([, name]) => name);

  it("name every error code", () => {
    const texts = /TEXTS = \{([^]*?)\n\}/.exec(source("ts/errors.ts"))[1];
    const codes = [...texts.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    assert.ok(codes.length > 20);
    assert.deepEqual(names(table("code")), codes);
  });

  it("name every reason for which a message is not sent", () => {
    const reasons = quoted(/REASONS = \[([^]*?)\]/.exec(plain("ts/receipt.ts"))[1]);
    assert.ok(reasons.length > 5);
    assert.deepEqual(names(table("reason")), reasons);
  });

  it("name every state", () => {
    const states = [...source("ts/events.ts").matchAll(/readonly name: "(\w+)"/g)].map(([, name]) => name);
    assert.ok(states.length > 5);
    assert.deepEqual(names(table("`state.name`")), states);
  });

  it("name every option, and for each number its default and range", () => {
    const rows = new Map(table("option").map(([name, ...rest]) => [name.replaceAll("`", ""), rest]));
    const list = (name) =>
      quoted2(new RegExp(`const ${name} = \\[([^]*?)\\]`).exec(plain("ts/options.ts"))[1]);
    const quoted2 = (text) => [...text.matchAll(/"([\w.]+)"/g)].map(([, name]) => name);
    const rules = /const RULES[^]*?\n\];/.exec(plain("ts/options.ts"))[0];
    const ruled = [...rules.matchAll(/^ +\[?(\[".*?\])/gm)].flatMap(([, names]) => quoted2(names));
    const options = ["NUMBERS", "FUNCTIONS", "INBOX"].flatMap(list).concat(ruled);
    assert.deepEqual([...rows.keys()].sort(), options.sort());

    const value = (text) => (/DAY/.test(text) ? 86_400_000 * (parseFloat(text) || 1) : parseRust(text));
    const parseRust = (text) => (text.includes("INFINITY") ? Infinity : Number(text.replaceAll("_", "")));
    const shown = (number) => (number === Infinity ? "Infinity" : number.toLocaleString("en"));
    const numbers = [...source("src/core/config.rs").matchAll(/^ {4}number\("([\w.]+)", (.*)\),$/gm)];
    assert.ok(numbers.length > 10);
    for (const [, name, rest] of numbers) {
      const [usual, min, max, unlimited] = rest.split(", ");
      const range = `${shown(value(min))}–${shown(value(max))}${unlimited === "true" ? ", or Infinity" : ""}`;
      assert.deepEqual(rows.get(name).slice(0, 2), [shown(value(usual)), range], name);
    }
  });

  it("state the sizes that are measured, to 5 %", async () => {
    const close = (a, b) => Math.abs(a - b) <= 0.05 * b;
    const sizes = await measured();
    const told = stated(readme);
    const hint = "Run `node tests/packaging/readme/sizes.mjs`.";
    assert.ok(sizes.length >= 6, "npm run size prints a table");
    assert.deepEqual(
      told.map(({ name }) => name),
      sizes.map(({ name }) => name.trim()),
      hint,
    );
    for (const [index, { name, raw, gzip, brotli }] of sizes.entries()) {
      const { raw: r, gzip: g, brotli: b } = told[index];
      assert.ok(
        close(r, raw) && close(g, gzip) && close(b, brotli),
        `${name} is ${raw}, ${gzip}, ${brotli}. ${hint}`,
      );
    }
    assert.ok(close(compared(readme), sizes[0].brotli), `The comparison is out of date. ${hint}`);
  });

  it("name commands that exist", () => {
    const { scripts } = JSON.parse(source("package.json"));
    for (const [, name] of readme.matchAll(/npm run ([\w-]+)/g)) assert.ok(scripts[name], name);
  });
});

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
