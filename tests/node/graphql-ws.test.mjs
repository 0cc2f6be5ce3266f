// docs/migrate/graphql-ws.md, against the real server of graphql-ws: its two examples run as they stand there.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { transform } from "esbuild";
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { examplesOf } from "../../scripts/docs/pages.mjs";
import { inRoot, npmTarget } from "../../scripts/paths.mjs";
import { start, stop } from "../../scripts/process.mjs";

const [library, byHand] = examplesOf("docs/migrate/graphql-ws.md", ["ts"]);

/** Greets as often as it is asked to, and never ends. */
async function* greetings() {
  yield { greetings: `hello ${++greeted}` };
  await new Promise(() => {});
}
let greeted = 0;
const type = (name, fields) => new GraphQLObjectType({ name, fields });
const schema = new GraphQLSchema({
  query: type("Query", { hello: { type: GraphQLString } }),
  subscription: type("Subscription", { greetings: { type: GraphQLString, subscribe: greetings } }),
});

describe("beside graphql-ws", () => {
  let server;
  let served;
  before(async () => {
    server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/graphql" });
    served = useServer({ schema }, server);
    await once(server, "listening");
  });
  after(() => served.dispose());

  /** Runs an example until it has printed so many lines with a greeting; after each the server breaks all connections. */
  async function greets({ code }, times) {
    const address = `ws://127.0.0.1:${server.address().port}`;
    const file = join(npmTarget, `graphql-ws-${process.pid}.mjs`);
    const made = await transform(code.replace("wss://example.com", address), { loader: "ts" });
    writeFileSync(file, made.code);
    const lines = [];
    let done;
    const enough = new Promise((resolve) => (done = resolve));
    const tee = (text) => {
      lines.push(...(text.match(/hello \d+/g) ?? []));
      if (lines.length >= times) done();
      else if (/hello/.test(text)) for (const client of server.clients) client.terminate();
    };
    const child = start(process.execPath, ["--import", inRoot("tests/packaging/readme/browser.mjs"), file], {
      quiet: true,
      tee,
    });
    try {
      await Promise.race([enough, child.exited.then(() => assert.fail("It ended by itself."))]);
    } finally {
      await stop(child);
      rmSync(file);
    }
    assert.equal(new Set(lines).size, times);
  }

  it("its client works over the class of everwire/websocket, and reconnects by itself", async () => {
    assert.match(library.code, /createClient/);
    await greets(
      { code: library.code.replace("retryAttempts: Infinity", "$&, retryWait: async () => {}") },
      3,
    );
  });

  it("a wire speaks graphql-transport-ws, and subscribes anew on each connection", () => greets(byHand, 2));
});
