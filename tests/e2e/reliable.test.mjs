// Sessions over connections that are cut, and with servers that are killed, in real browsers: nothing is lost, nothing
// comes twice, nothing comes out of order; and where something must be lost, it is told exactly.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { startFaultProxy } from "./fault-proxy.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { EACH, STEPS } from "./pages/scenarios/reliable.js";
import { PAGES, roomOf, startPeer } from "./peer.mjs";
import { run } from "./scenario.mjs";
import { withTab } from "./tabs.mjs";

/** Serves the pages, so that a server of sessions may be killed under them. */
let pages;
before(async () => (pages = await startPeer({ serve: PAGES })));
after(() => pages.stop());

inEachBrowser((browser) => {
  /** A page whose session is in a room of its own at this address; `body(play, room)`. */
  const withSession = (peer, at, body) => {
    const room = roomOf(peer);
    const url = `${pages.http}/e2e/wire.html?entry=session&at=${at}&room=${room.name}`;
    return withTab(browser, url, (driver) => body((title) => run(driver, "reliable", title), room));
  };

  it(`${EACH} messages each way outlast a cut every 50 to 500 ms, each once and in order`, async (test) => {
    const proxy = await startFaultProxy(pages, { cut: "50-500" });
    let ours;
    try {
      test.diagnostic(`seed ${(await proxy.stats()).seed}`);
      await withSession(pages, proxy.ws, async (play, room) => {
        ours = room;
        await play("it begins, and asks for as many messages as it will send");
        for (let step = 1; step <= STEPS; step++) {
          await play(`step ${step} of ${STEPS} comes both ways`);
          // However fast a browser is.
          if ((await proxy.stats()).cuts < step) await proxy.cut();
        }
        const resumed = await play("everything has come once and in order");
        const { cuts } = await proxy.stats();
        test.diagnostic(`${cuts} cuts, ${resumed} times resumed`);
        assert.ok(cuts >= 3, `${cuts} cuts`);
        const { sessions } = await room.stats();
        // One whose WELCOME was cut off was never anybody's, and has heard nothing.
        const heard = sessions.each.filter(({ last }) => last > 0);
        const [{ counted, first, last, gaps, duplicates }] = heard;
        assert.deepEqual(
          { sessions: heard.length, lost: sessions.lost, counted, first, last, gaps, duplicates },
          { sessions: 1, lost: 0, counted: EACH, first: 1, last: EACH, gaps: 0, duplicates: 0 },
        );
      });
    } catch (error) {
      test.diagnostic(
        JSON.stringify({ proxy: await proxy.stats(), sessions: (await ours?.stats())?.sessions }),
      );
      throw error;
    } finally {
      await proxy.stop();
    }
  });

  it("a server that is killed takes its sessions along, and what is lost of them is told exactly", async () => {
    let peer = await startPeer();
    try {
      await withSession(peer, peer.ws, async (play, room) => {
        await play("100 messages are accepted");
        await room.command("session/withhold?withhold=acks");
        await play("100 more are sent");
        await room.until((stats) => stats.sessions.each[0].last === 200);
        await peer.kill();
        await play("100 more wait while there is no server");
        peer = await startPeer({ port: peer.port });
        await play("the loss is told exactly");
        const [{ counted, first, last, gaps, duplicates }, ...others] = (await room.stats()).sessions.each;
        assert.deepEqual([counted, first, last, gaps, duplicates, others], [100, 201, 300, 0, 0, []]);
      });
    } finally {
      await peer.stop();
    }
  });

  it("what a server can prove of a session that it ended is not in doubt", async () => {
    const peer = await startPeer();
    try {
      await withSession(peer, peer.ws, async (play, room) => {
        await play("100 messages are accepted");
        await room.command("session/withhold?withhold=acks");
        await play("100 more are sent");
        await room.until((stats) => stats.sessions.each[0].last === 200);
        await room.command("session/restart?state=buried");
        await play("nothing is in doubt if the server can prove it");
        const each = (await room.stats()).sessions.each.map(({ first, last, counted }) => [
          first,
          last,
          counted,
        ]);
        assert.deepEqual(each, [
          [1, 200, 200],
          [201, 300, 100],
        ]);
      });
    } finally {
      await peer.stop();
    }
  });

  it("a server that is killed and has its sessions in files loses nothing", async () => {
    const sessions = await mkdtemp(join(tmpdir(), "everwire-sessions-"));
    let peer = await startPeer({ sessions });
    try {
      await withSession(peer, peer.ws, async (play) => {
        await play("it says much, and hears the beginning of it");
        for (let round = 0; round < 2; round++) {
          await peer.kill();
          peer = await startPeer({ sessions, port: peer.port });
          await play("it says more, and hears more");
        }
        await play("all of it has come back once and in order");
      });
    } finally {
      await peer.stop();
      await rm(sessions, { recursive: true });
    }
  });

  // One each, for a port whose dials fail is dialed late.
  for (const cut of [
    { cut_request: 100 },
    { cut_response: 60 },
    { cut_up: 20 },
    { cut_down: 0 },
    { cut_down: 30 },
    { cut_up: 70 },
  ]) {
    const [[what, bytes]] = Object.entries(cut);
    it(`a handshake that is cut (${what} ${bytes}) costs nothing`, async () => {
      const proxy = await startFaultProxy(pages, { ...cut, times: 1 });
      try {
        await withSession(pages, proxy.ws, async (play) => {
          await play("it comes through, whatever is cut");
          assert.equal((await proxy.stats()).cuts, 1);
        });
      } finally {
        await proxy.stop();
      }
    });
  }
});
