// permessage-deflate (RFC 7692) against Node's ws, which negotiates it as servers in use do; bytes are counted at its
// TCP socket.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WebSocketServer } from "ws";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { scenarios } from "./pages/scenarios/compression.js";
import { startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";

const [title] = Object.keys(scenarios);

let peer;
before(async () => {
  peer = await startPeer({ serve: [["/e2e", "tests/e2e/pages"]] });
});
after(() => peer.stop());

inEachBrowser((browser) => {
  describe(`compression in ${browser}`, () => {
    const tab = keepOpen((stay) => withPage(browser, `${peer.http}/e2e/wire.html`, stay));

    /** What a page sees and what crosses the wire. */
    const exchange = (perMessageDeflate) =>
      withEcho(perMessageDeflate, async (url, crossed) => {
        await tab.driver.get(`${peer.http}/e2e/wire.html?peer=${url}`);
        const seen = await run(tab.driver, "compression", title);
        return { ...seen, ...(await crossed) };
      });

    it("is negotiated with a server that wants it, shows in extensions, and spares most bytes both ways", async () => {
      const bare = await exchange(false);
      const compressed = await exchange({ threshold: 0 });
      assert.equal(bare.extensions, "");
      assert.match(compressed.extensions, /^permessage-deflate/);
      for (const way of ["received", "sent"]) {
        assert.ok(bare[way] > bare.size, `${bare[way]} bytes ${way} for ${bare.size}`);
        assert.ok(
          compressed[way] < bare[way] / 4,
          `${compressed[way]} bytes ${way} instead of ${bare[way]}, handshake included`,
        );
      }
    });
  });
});

/** Runs `body(url, crossed)` with a server that echoes; `crossed` tells the bytes of its first connection once it is over. */
async function withEcho(perMessageDeflate, body) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  const crossed = new Promise((resolve) =>
    server.on("connection", (socket, { socket: tcp }) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
      tcp.on("close", () => resolve({ received: tcp.bytesRead, sent: tcp.bytesWritten }));
    }),
  );
  await new Promise((resolve) => server.on("listening", resolve));
  try {
    return await body(`ws://127.0.0.1:${server.address().port}/`, crossed);
  } finally {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
}
