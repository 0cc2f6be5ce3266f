// From the start of a page's script to its first message, cold: a fresh profile in each round, and for each page a site and
// so a process of its own.
import { inBrowser } from "../harness/browser.mjs";
import { bundle } from "../harness/bundle.mjs";
import { median, rotated } from "../harness/numbers.js";
import { rowsOf } from "../harness/rows.mjs";
import { withServers } from "../harness/servers.mjs";
import { list } from "../subjects/list.mjs";

export async function bench({ rounds, quick }) {
  const subjects = quick ? list.slice(0, 3) : list;
  const scripts = await Promise.all(
    subjects.map(({ file }) =>
      bundle(undefined, {
        contents: `import * as subject from "./${file}"; import { begin } from "../start/page.js"; begin(subject);`,
      }),
    ),
  );
  const found = subjects.map(() => []);
  await withServers(async ({ urls }) => {
    const files = {};
    for (const [index, { server }] of subjects.entries()) {
      files[`${index}.js`] = scripts[index];
      // The clock starts before anything of the subject is loaded.
      const facts = `begun = performance.now(); server = "${urls[server]}?room=start&drill"`;
      files[`${index}.html`] =
        `<!doctype html><script>${facts}</script><script type="module" src="/${index}.js"></script>`;
    }
    for (let round = 0; round < rounds; round++) {
      const order = rotated([...subjects.keys()], round);
      const next = (port) =>
        order.length > 0 ? `http://site${order[0]}.test:${port}/${order.shift()}.html` : undefined;
      const took = ({ index, milliseconds }, port) => {
        found[index].push(milliseconds);
        return { next: next(port) };
      };
      await inBrowser({
        files,
        first: next,
        flags: ["--host-resolver-rules=MAP *.test 127.0.0.1"],
        answers: { took },
        patience: 60_000,
      });
    }
  });
  return rowsOf(
    "start to first message",
    "ms",
    subjects.map(({ name }, index) => ({ subject: name, median: median(found[index]) })),
  );
}
