// A Vite dev server with an application of one framework, in which the packed package is installed.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "../../scripts/paths.mjs";
import { pack } from "../packaging/pack.mjs";

const modules = inRoot("tests/frameworks/node_modules");

/** Puts the package where the applications find it. Needs a built pkg/. */
export async function install() {
  const packed = await pack();
  const place = join(modules, "everwire");
  rmSync(place, { recursive: true, force: true });
  cpSync(packed.unpacked, place, { recursive: true });
  packed.remove();
}

/**
 * Serves pages/NAME: `{ address, edit(file, from, to), render(props), stop() }`. `render` is what the server renders for a
 * page, which gets it from `/rendered`. `include` are the modules that the pages import from packages.
 */
export async function serve(name, { plugins, include, ...config }) {
  const home = mkdtempSync(join(tmpdir(), `everwire-${name}-`));
  cpSync(inRoot("tests/frameworks/pages", name), home, { recursive: true });
  symlinkSync(modules, join(home, "node_modules"));
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
    ...config,
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
      rmSync(home, { recursive: true, force: true });
    },
  };
}
