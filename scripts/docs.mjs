// Builds the documentation into target/docs: the reference of every entry and the pages of docs/ by TypeDoc, the crate's by
// rustdoc, for the page and for the server. `npm run docs`, with `-- --no-rust` for the first of it alone. Warnings are errors.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { entries } from "./build/entries.mjs";
import { checkRustExamples, compileExamples } from "./docs/examples.mjs";
import { checkPages, checkSite } from "./docs/links.mjs";
import { documents } from "./docs/pages.mjs";
import { main } from "./failure.mjs";
import { cargoTarget, inRoot, npmTarget, pkg } from "./paths.mjs";
import { run } from "./process.mjs";
import { say } from "./say.mjs";
import { docsModules, frameworkModules, setup } from "./setup.mjs";
import { rustFeatures } from "./test/features.mjs";

const site = inRoot("target/docs");
const tools = inRoot("scripts/docs");
const PAGE = "/docs/rust/page/everwire/index.html";
const SERVER = "/docs/rust/server/everwire/server/index.html";

/** The links of the pages and their examples, then the site. Needs a built pkg/. */
export async function buildDocs({ rust = true } = {}) {
  await setup([docsModules, frameworkModules]);
  say(`${checkPages()} links of the pages lead somewhere`);
  say(`${await compileExamples()} examples of the pages compile`);
  say(`${checkRustExamples()} more are compiled with the crates`);
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  await typedoc(rust);
  if (rust) await rustdoc();
  say(`${checkSite(site)} links of the site lead somewhere`);
}

async function typedoc(rust) {
  const options = {
    name: "Everwire",
    entryPoints: entries.map(({ name }) => join(pkg, `${name}.d.ts`)),
    tsconfig: join(tools, "tsconfig.json"),
    out: site,
    readme: inRoot("README.md"),
    projectDocuments: documents().map((page) => inRoot(page)),
    // As `npm start` serves them, beside the demo.
    navigationLinks: {
      Demo: "/",
      ...(rust ? { "Rust, in the page": PAGE, "Rust, on the server": SERVER } : {}),
    },
    disableGit: true,
    sourceLinkTemplate: "https://github.com/everwire/everwire",
    treatWarningsAsErrors: true,
    hideGenerator: true,
    highlightLanguages: [
      "typescript",
      "tsx",
      "javascript",
      "json",
      "rust",
      "vue",
      "svelte",
      "bash",
      "console",
      "html",
      "nginx",
      "yaml",
    ],
    ignoredHighlightLanguages: ["text", "rust,no_run"],
    // Types that are only parts of others are told where they are used.
    validation: { notExported: false, invalidLink: true, invalidPath: true },
  };
  const file = join(npmTarget, "typedoc.json");
  writeFileSync(file, JSON.stringify(options));
  await run(process.execPath, [join(tools, "node_modules/typedoc/bin/typedoc"), "--options", file]);
}

async function rustdoc() {
  const env = { RUSTDOCFLAGS: "-D warnings" };
  const wasm = "wasm32-unknown-unknown";
  for (const [name, target] of [
    ["server", undefined],
    ["page", wasm],
  ]) {
    const how = target ? ["--target", target] : [];
    await run("cargo", ["doc", "--locked", "--no-deps", "--package", "everwire", ...how, ...rustFeatures], {
      env,
    });
    // Whatever else has been documented there is left where it is.
    const filter = (path) => !/everwire_/.test(path);
    const place = join(site, "rust", name);
    cpSync(join(cargoTarget, target ?? "", "doc"), place, { recursive: true, filter });
    writeFileSync(
      join(place, "index.html"),
      '<meta http-equiv="refresh" content="0; url=everwire/index.html">',
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async (args) => {
    await build();
    await buildDocs({ rust: !args.includes("--no-rust") });
    say(`built the documentation: ${join(site, "index.html")}`);
  });
}
