// What a wire says it has done, against what the peer says it saw.
import { messages, next, ok, same } from "../check.js";

export const scenarios = {
  "stats count what the peer counts, in messages and in bytes": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "raw" });
    // One queues and the others pass; text counts as UTF-8.
    const sent = ["é€😀", "plain", new Uint8Array(1_000)];
    const arrived = messages(it, 3);
    it.send(sent[0]);
    await it.ready();
    it.send(sent[1]);
    it.send(sent[2]);
    await arrived;
    const peer = await room.stats();
    same([peer.messagesIn, peer.bytesIn], [3, 9 + 5 + 1_000], "the peer");
    const stats = it.stats();
    same(stats.sent, { messages: 3, bytes: 1_014 }, "sent");
    same(stats.received, { messages: 3, bytes: 1_014 }, "received");
    same(stats.queue, { messages: 0, bytes: 0 }, "queue");
  },

  "stats tell since when, how often it was tried, and how often it came back": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const begun = performance.now();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    same([it.stats().attempts, it.stats().reconnects, it.stats().openedAt], [1, 0, undefined], "at first");
    await it.ready();
    const first = it.stats();
    same([first.attempts, first.reconnects], [1, 0], "the first connection is no reconnect");
    ok(begun - 1 <= first.startedAt && first.startedAt <= first.openedAt, "startedAt, openedAt");
    ok(first.openedAt <= performance.now(), "the clock is that of performance.now()");
    const again = next(it, "close").then(() => it.ready());
    await room.control("kill");
    await again;
    const second = it.stats();
    same(second.reconnects, 1);
    ok(second.attempts >= 2, "attempts");
    ok(second.startedAt === first.startedAt && second.openedAt > first.openedAt, "startedAt, openedAt");
  },

  "stats tell why messages were not sent": async ({ wire }) => {
    const it = wire(() => new Promise(() => {}), { queue: { maxMessages: 2, overflow: "drop-oldest" } });
    it.send("evicted");
    it.send("withdrawn").withdraw();
    it.send("old", { key: "k" });
    it.send("new", { key: "k" });
    it.send("waits");
    same(it.stats().queue, { messages: 2, bytes: 12 }, "JSON has quotes");
    it.close();
    it.send("too late");
    same(it.stats().notSent, {
      full: 0,
      evicted: 1,
      superseded: 1,
      expired: 0,
      withdrawn: 1,
      closed: 3,
      refused: 0,
    });
    same(it.stats().sent, { messages: 0, bytes: 0 });
  },

  "pings, pongs and greetings are no messages, and a pong sets the round trip": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), {
      codec: "text",
      greet: ({ send }) => send("greeting"),
      heartbeat: { interval: 20, ping: "ping", isPong: (data) => data === "ping" },
    });
    same(it.stats().rtt, undefined);
    const [greeting] = await messages(it, 1);
    same(greeting, "greeting");
    const { rtt } = await next(it, "pong");
    const stats = it.stats();
    same(stats.rtt.last, rtt);
    same([stats.sent.messages, stats.received.messages], [0, 1]);
  },

  "a dial and a ping are told as they happen": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const url = room.url();
    const it = wire(() => Promise.resolve(url), {
      codec: "text",
      heartbeat: { interval: 300, ping: "ping", isPong: (data) => data === "ping" },
    });
    const told = [];
    for (const type of ["dial", "open", "ping", "pong"]) {
      it.addEventListener(type, (event) => told.push(event.url ?? type));
    }
    await next(it, "pong");
    // Where the answer takes its time there is more than one ping before it.
    same([...new Set(told)], [url.split("?")[0], "open", "ping", "pong"]);
  },
};
