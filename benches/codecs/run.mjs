// `npm run bench:codecs`: how fast MessagePack and CBOR are in browsers, in JavaScript and in Rust, and what each costs a
// page. Writes results.json and the tables of docs/codecs.md.
import { createServer } from "node:http";
import { cpus, release, tmpdir } from "node:os";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { featureOptions } from "../../scripts/build/wasm-features.mjs";
import { Failure, main } from "../../scripts/failure.mjs";
import { inRoot } from "../../scripts/paths.mjs";
import { output, run, start, stop } from "../../scripts/process.mjs";
import { forTests, setup } from "../../scripts/setup.mjs";
import { candidates } from "./candidates.mjs";
import { writeTables } from "./tables.mjs";

const here = inRoot("benches/codecs");
const target = inRoot("target/codec-bench");
const PATIENCE = 300_000;

const BROWSERS = {
  chromium: (url, profile) => [
    "chromium",
    // Chromium refuses to run as root inside its sandbox.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    `--user-data-dir=${profile}`,
    url,
  ],
  firefox: (url, profile) => ["firefox", "-headless", "-no-remote", "-profile", profile, url],
};

await main(async () => {
  await setup(forTests);
  await run("npm", ["install", "--no-save", "--ignore-scripts", "--omit=optional", "--no-audit"], {
    cwd: here,
    quiet: true,
  });
  for (const format of ["msgpack", "cbor"]) await buildRust(format);
  const scripts = new Map();
  for (const { name } of candidates)
    scripts.set(`/${name}.js`, await bundle(join(here, `candidates/${name}.js`)));
  for (const name of ["page", "messages"])
    scripts.set(`/${name}.js`, readFileSync(join(here, `${name}.js`), "utf8"));
  const shipped = Object.fromEntries(
    candidates.map(({ name }) => [name, brotliCompressSync(scripts.get(`/${name}.js`)).length]),
  );
  const browsers = {};
  for (const name of Object.keys(BROWSERS)) browsers[name] = await measure(name, scripts);
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0].model}, ${cpus().length} of its cores, Linux ${release().split("-")[0]}`,
    shipped,
    browsers,
  };
  writeFileSync(join(here, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeTables(results);
});

async function buildRust(format) {
  const args = ["build", "--locked", "--release", "--target", "wasm32-unknown-unknown", "--features", format];
  await run("cargo", args, { cwd: join(here, "rust"), env: { CARGO_TARGET_DIR: target } });
  const out = join(target, format);
  const built = join(target, "wasm32-unknown-unknown/release/everwire_codec_bench.wasm");
  await run("wasm-bindgen", [
    "--target",
    "web",
    "--omit-default-module-path",
    "--out-dir",
    out,
    "--out-name",
    format,
    built,
  ]);
  const wasm = join(out, `${format}_bg.wasm`);
  // For speed: that is what is compared first.
  const optimised = ["-O3", "--strip-debug", "--strip-producers", ...featureOptions, wasm, "-o", wasm];
  await run(process.execPath, [inRoot("node_modules/binaryen/bin/wasm-opt"), ...optimised]);
}

/** As a page would load it: one minified file. */
async function bundle(entry) {
  const rust = {
    name: "rust",
    setup(build) {
      build.onResolve({ filter: /^#glue-/ }, ({ path }) => {
        const format = path.slice("#glue-".length);
        return { path: join(target, format, `${format}.js`) };
      });
      build.onResolve({ filter: /^#wasm-/ }, ({ path }) => {
        const format = path.slice("#wasm-".length);
        return { path: join(target, format, `${format}_bg.wasm`) };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: here,
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    loader: { ".wasm": "binary" },
    logLevel: "warning",
    plugins: [rust],
  });
  return outputFiles[0].text;
}

/** What a browser that nobody drives finds out. */
async function measure(name, scripts) {
  const profile = mkdtempSync(join(tmpdir(), "everwire-codecs-"));
  let report;
  const reported = new Promise((resolve) => (report = resolve));
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let text = "";
      request
        .on("data", (part) => (text += part))
        .on("end", () => (response.end(), report(JSON.parse(text))));
      return;
    }
    const type = request.url.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    // What strings would compile is refused, as on a page with a strict policy.
    const policy = "script-src 'self' 'wasm-unsafe-eval'";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy });
    if (request.url === "/candidates") response.end(JSON.stringify(candidates.map(({ name }) => name)));
    else
      response.end(
        scripts.get(request.url) ?? '<!doctype html><script type="module" src="/page.js"></script>',
      );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const [command, ...args] = BROWSERS[name](`http://127.0.0.1:${server.address().port}/`, profile);
  console.log(`measuring in ${name}`);
  const browser = start(command, args, { quiet: true });
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Failure(`${name} did not report within ${PATIENCE / 1_000} s.`)),
      PATIENCE,
    );
  });
  try {
    const result = await Promise.race([reported, late]);
    if (result.error) throw new Failure(`${name}: ${result.error}`);
    return { version: (await output(command, ["--version"]))?.trim().split("\n").at(-1), ...result };
  } finally {
    clearTimeout(timer);
    await stop(browser);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
