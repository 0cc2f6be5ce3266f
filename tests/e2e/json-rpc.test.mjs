// everwire/json-rpc in real browsers: against the specification, and with a server of another make.
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { WebSocketServer } from "ws";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios as alone } from "./pages/scenarios/json-rpc.js";
import { scenarios as withServer } from "./pages/scenarios/json-rpc-server.js";
import { PAGES, startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

let peer;
let server;
before(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0 }).on("connection", serve);
  await once(server, "listening");
  peer = await startPeer({ serve: PAGES });
});
after(async () => {
  for (const client of server?.clients ?? []) client.terminate();
  server?.close();
  await peer?.stop();
});

inEachBrowser((browser) => {
  describe(`everwire/json-rpc in ${browser}`, () => {
    const page = keepOpen((stay) => withTab(browser, address(), stay));
    for (const [file, scenarios] of Object.entries({ "json-rpc": alone, "json-rpc-server": withServer })) {
      describe(file, () => {
        for (const title of Object.keys(scenarios)) it(title, () => run(page.driver, file, title));
      });
    }
  });
});

const address = () =>
  `${peer.http}/e2e/wire.html?server=${encodeURIComponent(`ws://127.0.0.1:${server.address().port}`)}`;

/** Both roles of json-rpc-2.0 on one connection. */
function serve(socket) {
  const quiet = { errorListener: () => {} };
  const send = (message) => socket.send(JSON.stringify(message));
  const both = new JSONRPCServerAndClient(new JSONRPCServer(quiet), new JSONRPCClient(send), quiet);
  const told = [];
  const methods = {
    subtract: ([a, b]) => a - b,
    subtractNamed: ({ minuend, subtrahend }) => minuend - subtrahend,
    echo: (params) => params,
    nothing: () => null,
    refuse: ({ data }) => {
      throw new JSONRPCErrorException("No such room", 17, data);
    },
    fail: () => {
      throw new Error("It broke.");
    },
    tell: ({ n }) => void told.push(n),
    told: () => told,
    askBack: ({ method, params }) =>
      both.requestAdvanced({ jsonrpc: "2.0", id: "back", method, params }).then(({ result, error }) => ({
        result,
        error,
      })),
    tellBack: (params) => (both.notify("news", params), true),
    hangUp: () => socket.terminate(),
  };
  for (const [name, method] of Object.entries(methods)) both.addMethod(name, method);
  socket.on("message", (text) => void both.receiveAndSend(JSON.parse(text)));
}
