// Connections by wss, and those that a page may not make.
import { matches, next, ok, record, same } from "../check.js";

const SOON = { reconnect: { baseDelay: 20, factor: 1 } };

export const scenarios = {
  "a wire over wss opens, echoes, and comes back with what was queued": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const url = room.url();
    matches(url, /^wss:/);
    const it = wire(url, { codec: "text", ...SOON });
    it.send("before");
    same((await next(it, "message")).data, "before");
    const states = record(it, "statechange");
    const waiting = next(it, "statechange", ({ state }) => state.name === "waiting");
    await room.control("kill");
    const { state } = await waiting;
    same([state.reason, state.close.code], ["ServerClosed", 1006]);
    it.send("after");
    same((await next(it, "message")).data, "after");
    same(states.at(-1), ["statechange", "open"]);
    const { opened, received } = await room.stats();
    same([opened, received], [2, ["before", "after"]]);
    same(await it.drained(), true);
    it.close(4000, "done");
    same((await it.closed).wasClean, true);
  },

  "megabytes over wss come back whole": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes", queue: { maxBytes: 8_000_000 } });
    const sent = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    it.send(sent);
    const { data } = await next(it, "message");
    ok(data.length === sent.length && data.every((byte, i) => byte === sent[i]), "every byte");
  },

  "an unknown certificate fails the dial, and the page learns no more than its engine tells": async ({
    engine,
    wire,
  }) => {
    const url = new URLSearchParams(location.search).get("peer");
    const it = wire(url, SOON);
    const waits = it.send("waits");
    for (let attempt = 2; attempt < 4; attempt++) {
      const failed = next(it, "error");
      const waiting = next(it, "statechange", ({ state }) => state.name === "waiting");
      const { error } = await failed;
      same(
        [error.code, error.close],
        ["DialFailed", { code: engine.badCertificate, reason: "", wasClean: false }],
      );
      matches(error.message, /Browsers do not tell why.*certificate/);
      const { state } = await waiting;
      same([state.reason, state.attempt], ["DialFailed", attempt]);
    }
    same([it.queued, waits.result], [1, undefined]);
  },

  "from a page loaded by https, ws is mixed content: told at once, final, every send given back": async ({
    engine,
    wire,
  }) => {
    const url = new URLSearchParams(location.search).get("peer");
    same(await plainly(url), engine.mixedContent);
    for (const target of [url, async () => url]) {
      const it = wire(target);
      const waits = it.send("waits");
      const events = record(it, "error", "close");
      const closed = it.closed;
      const { error } = await next(it, "error");
      same([error.code, error.close.code], ["MixedContent", 1006]);
      matches(error.message, /https.*wss:/);
      same((await closed).cause, "MixedContent");
      same([it.state.name, it.state.reason], ["closed", "MixedContent"]);
      same(events, [
        ["error", "MixedContent"],
        ["close", "MixedContent, last"],
      ]);
      same(
        [waits.result, it.send("after").result.reason],
        [{ outcome: "not-sent", reason: "closed", message: "waits" }, "closed"],
      );
    }
  },

  "loopback is mixed content too, or not, as the engine has it": async ({ engine, wire }) => {
    const it = wire(new URLSearchParams(location.search).get("peer"), SOON);
    if (engine.loopbackIsSafe) await it.opened;
    else same((await it.closed).cause, "MixedContent");
  },

  "from a page loaded by http the same address can be dialed": async ({ wire }) => {
    const it = wire(new URLSearchParams(location.search).get("peer"), SOON);
    await it.opened;
  },

  "a policy that forbids wss forbids it by its own name": async ({ engine, wire }) => {
    const url = new URLSearchParams(location.search).get("peer");
    const it = wire(async () => url);
    const { error } = await next(it, "error");
    same(error.code, "ContentBlocked");
    matches(error.message, /connect-src/);
    same((await it.closed).cause, "ContentBlocked");
    same(await plainly(url), engine.blockedByPolicy);
  },
};

/** What a plain WebSocket does: what it throws, or in which state it tells of an error. */
async function plainly(url) {
  const states = ["connecting", "open", "closing", "closed"];
  try {
    const socket = new WebSocket(url);
    if (socket.readyState === WebSocket.CLOSED) return "closed";
    return await new Promise((resolve) => {
      socket.onerror = () => resolve(`error while ${states[socket.readyState]}`);
      socket.onopen = () => (resolve("open"), socket.close());
    });
  } catch (error) {
    return error.name;
  }
}
