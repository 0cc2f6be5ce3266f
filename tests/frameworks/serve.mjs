// An application of one framework in a directory of its own, in which the packed package is installed, and a Vite dev server
// for it.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "../../scripts/paths.mjs";
import { pack } from "../packaging/pack.mjs";
import { writeExamples } from "./examples.mjs";

const modules = inRoot("tests/frameworks/node_modules");

/**
 * A directory with what a directory of tests/frameworks holds: `{ home, remove() }`. `others` are packages that are there
 * in another version, by the name of that. Needs a built pkg/.
 */
export async function installed(directory, others = {}) {
  const home = mkdtempSync(join(tmpdir(), "everwire-framework-"));
  cpSync(inRoot("tests/frameworks", directory), home, { recursive: true });
  const within = join(home, "node_modules");
  mkdirSync(within);
  for (const name of readdirSync(modules))
    if (!(name in others) && !name.startsWith(".")) symlinkSync(join(modules, name), join(within, name));
  // What is real imports what is beside it here.
  for (const [name, version] of Object.entries(others))
    cpSync(join(modules, version), join(within, name), { recursive: true });
  const packed = await pack();
  cpSync(packed.unpacked, join(within, "everwire"), { recursive: true });
  packed.remove();
  return { home, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/**
 * Serves pages/NAME, with the examples for that framework in its directory examples: `{ address, edit(file, from, to), render(props), stop() }`. `render` is what the server renders for a
 * page, which gets it from `/rendered`. `include` are the modules that the pages import from packages.
 */
export async function serve(name, { plugins, include, others }) {
  const { home, remove } = await installed(`pages/${name}`, others);
  writeExamples(name, join(home, "examples"));
  const { createServer } = await import("vite");
  const render = async (props) => (await server.ssrLoadModule("/server")).render(props);
  const rendered = {
    name: "rendered",
    configureServer: ({ middlewares }) =>
      void middlewares.use("/rendered", async (request, response) => {
        const props = new URL(request.url, "http://localhost").searchParams.get("props");
        response.end(await render(JSON.parse(props)).catch((error) => error.stack));
      }),
  };
  const server = await createServer({
    configFile: false,
    root: home,
    cacheDir: join(home, ".vite"),
    logLevel: "error",
    plugins: [...plugins, rendered],
    // What is found later would load the page again.
    optimizeDeps: { include },
    server: { host: "127.0.0.1", port: 0, fs: { strict: false } },
  });
  await server.listen();
  return {
    address: server.resolvedUrls.local[0],
    render,
    edit(file, from, to) {
      const path = join(home, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      writeFileSync(path, text.replace(from, to));
    },
    async stop() {
      await server.close();
      remove();
    },
  };
}
