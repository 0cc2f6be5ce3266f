// A script as a page would load it: one minified file.
import { build } from "esbuild";
import { inRoot } from "../../scripts/paths.mjs";
import { list } from "../subjects/list.mjs";
import { rustGlue } from "./rust.mjs";

const PACKAGE = {
  everwire: "everwire.js",
  "everwire/session": "session.js",
  "everwire/websocket": "websocket.js",
};

/** The text of a bundled entry, by its path in the repository or by its `contents`, with these subjects. */
export async function bundle(entry, { contents, subjects = list } = {}) {
  const { outputFiles } = await build({
    ...(contents === undefined
      ? { entryPoints: [inRoot(entry)] }
      : { stdin: { contents, resolveDir: inRoot("benches/subjects") } }),
    absWorkingDir: inRoot("benches"),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    loader: { ".wasm": "binary" },
    logLevel: "error",
    plugins: [everwire, everybody(subjects), rustGlue],
  });
  return outputFiles[0].text;
}

/** The package as it is built here. */
const everwire = {
  name: "everwire",
  setup({ onResolve }) {
    onResolve({ filter: /^everwire(\/\w+)?$/ }, ({ path }) => ({ path: inRoot("pkg", PACKAGE[path]) }));
  },
};

/** `#subjects`: these, each with its module. */
const everybody = (subjects) => ({
  name: "everybody",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^#subjects$/ }, ({ path }) => ({ path, namespace: "subjects" }));
    onLoad({ filter: /.*/, namespace: "subjects" }, () => {
      const imports = subjects.map(({ file }, index) => `import * as subject${index} from "./${file}";`);
      const items = subjects.map(
        ({ name, server }, index) => `{ ...${JSON.stringify({ name, server })}, module: subject${index} }`,
      );
      const contents = `${imports.join("\n")}\nexport default [${items.join(", ")}];`;
      return { contents, resolveDir: inRoot("benches/subjects") };
    });
  },
});
