// What is particular to wires whose connection lives in a worker.
import { matches, messages, next, ok, record, same, thrown } from "../check.js";

const ours = () => new Worker("/pkg/worker-host.js", { type: "module" });
const unlocked = () => new Worker("/e2e/unlocked-worker.js", { type: "module" });
const reasons = async (receipts) =>
  (await Promise.all(receipts.map(({ settled }) => settled))).map(({ outcome, reason }) => reason ?? outcome);

/** Milliseconds by which two clocks differ that each browser rounds, against fingerprints. */
const ROUNDED = 5;
let copies = 0;

/**
 * A copy of everwire/worker for one scenario, without wires of others: `wire(...)`, and what workers it makes: `all` of
 * them, and how many it has `ended`.
 */
async function fresh(over, make = ours) {
  const { Wire, init } = await import(`/pkg/worker.js?copy=${++copies}`);
  const made = { all: [], ended: 0 };
  const wire = (url, options) => {
    const wire = new Wire(url, options);
    over.addEventListener("abort", () => wire.close());
    return wire;
  };
  init(() => {
    const worker = make();
    const end = worker.terminate.bind(worker);
    worker.terminate = () => {
      made.ended += 1;
      end();
    };
    made.all.push(worker);
    return worker;
  });
  return { wire, init, made };
}

/** A synchronous look at the peer's statistics, which holds the page up. */
function lookAt(room) {
  const request = new XMLHttpRequest();
  request.open("GET", `/stats?room=${new URL(room).searchParams.get("room")}`, false);
  request.send();
  return JSON.parse(request.responseText);
}

export const scenarios = {
  "what becomes of a message is told a moment later": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    const sent = it.send("sent");
    same([sent.result, it.queued], [undefined, 1]);
    same(await sent.settled, { outcome: "handed-over" });
    same([sent.message, it.queued, sent.withdraw()], [undefined, 0, false]);
    const waiting = wire(await room.urlAt("hang"), { queue: { maxMessages: 2, maxBytes: 40 } });
    const [one, two, three] = ["one", "two", "three"].map((text) => waiting.send(text));
    same(await three.settled, { outcome: "not-sent", reason: "full", message: "three" });
    same(one.withdraw(), false, "whether it can still be taken back is not known yet");
    same((await one.settled).reason, "withdrawn");
    same(waiting.clear(), [two]);
    same((await two.settled).reason, "withdrawn");
    const newest = wire(await room.urlAt("hang"), { queue: { maxMessages: 2, overflow: "drop-newest" } });
    const receipts = [newest.send("low", { lane: "low" }), newest.send("kept")];
    receipts.push(newest.send("third"), newest.send("fourth"));
    same(newest.queue(), [receipts[1], receipts[2], receipts[3], receipts[0]], "lane by lane");
    same(await reasons([receipts[0], receipts[3]]), ["evicted", "evicted"]);
    newest.close();
    same(await reasons(receipts), ["evicted", "closed", "closed", "evicted"]);
    same(newest.stats().notSent.evicted, 2);
    same((await newest.send("late").settled).reason, "closed");
  },

  "in one go a page sends as much as buffer and queue may hold, and not without bounds": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text", highWaterMark: 1_000, queue: { maxBytes: 500 } });
    await it.opened;
    const receipts = Array.from({ length: 20 }, () => it.send("x".repeat(100)));
    same(
      receipts.map(({ result }) => result?.reason ?? "on its way"),
      [...Array(15).fill("on its way"), ...Array(5).fill("full")],
    );
    same(await reasons(receipts.slice(0, 15)), Array(15).fill("handed-over"));
    same((await it.send("and so on").settled).outcome, "handed-over");
  },

  "states are told by events, and what was asked for shows at once": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("close=3000&reason=retry-after%3D20000&after=1"));
    same(it.state, { name: "connecting", phase: "resolving", attempt: 1 });
    const events = record(it, "statechange");
    let dials = 0;
    it.addEventListener("dial", () => (dials += 1));
    await it.opened;
    it.send("go");
    const { state } = await next(it, "statechange", ({ state }) => state.name === "waiting");
    const left = state.until - performance.now();
    ok(
      left > 19_000 && left <= state.delay + ROUNDED,
      `${left} of ${state.delay} ms are left, on the page's clock`,
    );
    it.reconnect();
    same(it.state.name, "connecting");
    await it.opened;
    it.suspend();
    same(it.state, { name: "suspended", reason: "Suspended" });
    await next(it, "statechange", ({ state }) => state.name === "suspended");
    it.close(4000, "done");
    same(it.state.name === "closing", true);
    const { cause, last } = await it.closed;
    same([cause, last], ["ClosedByApplication", true]);
    const names = events.map(([, name]) => name);
    const open = ["connecting/resolving", "connecting/dialing", "open"];
    same(names, [...open, "waiting", ...open, "suspended", "closed"]);
    same(dials, 2);
  },

  "times are on the page's clock": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const begun = performance.now();
    const it = wire(room.url());
    await it.opened;
    const { startedAt, openedAt, attempts, reconnects } = it.stats();
    ok(begun - ROUNDED <= startedAt && startedAt <= openedAt, `${startedAt}, ${openedAt} after ${begun}`);
    ok(openedAt <= performance.now() + ROUNDED, `${openedAt} before ${performance.now()}`);
    same([attempts, reconnects], [1, 0]);
  },

  "what the constructor refuses closes the wire": async ({ wire, openRoom }) => {
    const refused = async (it, code) => {
      const { error } = await next(it, "error");
      same(error.code, code);
      same(error.cause, undefined, "which tells the URL, and so perhaps a token");
      same([(await it.closed).cause, it.state.reason], [code, code]);
      same((await it.send("x").settled).reason, "closed");
    };
    await refused(wire("ftp://127.0.0.1/"), "InvalidUrl");
    await refused(wire((await openRoom()).url(), { protocols: "a b" }), "InvalidProtocols");
  },

  "a relative URL is relative to the page": async ({ wire }) => {
    const it = wire("/ws?room=relative", { codec: "text" });
    it.send("from here");
    same(await messages(it, 1), ["from here"]);
  },

  "a greeting leaves first, from the page, and the queue waits for what the page knows as the welcome":
    async ({ wire, openRoom }) => {
      const room = await openRoom();
      const it = wire(room.url("token=s3cret&token_in=message"), {
        codec: "text",
        greet: async ({ send, sendRaw }) => {
          await Promise.resolve();
          send("s3cret");
          sendRaw("raw");
        },
        isWelcome: (message, raw) => message === "welcome" && raw === "welcome",
      });
      const phases = record(it, "statechange");
      it.send("queued");
      same(await messages(it, 3), ["welcome", "raw", "queued"]);
      same((await room.stats()).received, ["raw", "queued"]);
      same(
        phases.map(([, name]) => name),
        ["connecting/resolving", "connecting/dialing", "connecting/handshaking", "open"],
      );
    },

  "a greeting that comes too late goes to no other connection": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const late = [];
    const it = wire(room.url(), {
      reconnect: { delay: () => 0 },
      greet: (greeting) => void late.push(greeting),
    });
    await it.opened;
    const again = next(it, "open");
    await room.control("kill");
    await again;
    same([late[0].signal.aborted, late.length], [true, 2]);
    same((await thrown(() => late[0].send("too late"))).code, "GreetingFailed");
    it.send("after it");
    await messages(it, 1);
    same((await room.stats()).received, ['"after it"']);
  },

  "a ping that is a function is asked for each time, and one that is not goes on by itself": async ({
    wire,
    engine,
    openRoom,
  }) => {
    const room = await openRoom();
    const heartbeat = { interval: 20, timeout: 5_000, isPong: (message) => message.startsWith?.("ping") };
    let count = 0;
    const asked = wire(room.url(), {
      codec: "text",
      heartbeat: { ...heartbeat, ping: () => `ping ${++count}` },
      closeTimeout: 60_000,
    });
    await next(asked, "pong", () => count > 2);
    asked.close();
    await asked.closed;
    const { received } = await room.stats();
    same(received.slice(0, 3), ["ping 1", "ping 2", "ping 3"]);
    const other = await openRoom();
    const always = wire(other.url(), { codec: "text", heartbeat: { ...heartbeat, ping: "ping" } });
    let pings = 0;
    always.addEventListener("ping", () => (pings += 1));
    await next(always, "pong");
    ok(pings > 0 && always.rtt.last >= 0, "ping events and round trips");
    // In Chromium, although the page does nothing else meanwhile.
    if (engine.workersOutrunPages) while (lookAt(other.url()).messagesIn < 8);
    await other.until("eight pings", ({ messagesIn }) => messagesIn >= 8);
  },

  "all wires of a page share one worker, which ends with the last": async ({ over, openRoom }) => {
    const room = await openRoom();
    const { wire, made } = await fresh(over);
    const wires = [wire(room.url()), wire(room.url())];
    await Promise.all(wires.map((it) => it.opened));
    same([made.all.length, made.ended], [1, 0]);
    wires[0].close();
    await wires[0].closed;
    wires[1].send("still here");
    same(await messages(wires[1], 1), ["still here"]);
    same(made.ended, 0);
    wires[1].close();
    await wires[1].closed;
    same([made.all.length, made.ended], [1, 1]);
    same((await wires[1].send("closed").settled).reason, "closed");
    wires[1].reconnect();
    await wires[1].opened;
    same([made.all.length, made.ended], [2, 1]);
  },

  "when the worker is gone, what it had not answered is in doubt, and a new one can be had": async ({
    over,
    openRoom,
  }) => {
    const room = await openRoom();
    const { wire, made } = await fresh(over);
    const it = wire(room.url());
    const other = wire(await room.urlAt("hang"));
    await it.opened;
    const waits = other.send("waits");
    same((await it.send("taken").settled).outcome, "handed-over");
    const events = record(it, "statechange", "error", "close");
    const failed = next(it, "error");
    Worker.prototype.terminate.call(made.all[0]);
    const unknown = it.send("unknown");
    const { error } = await failed;
    same(error.code, "WorkerLost");
    matches(error.message, /in doubt/);
    same(await unknown.settled, { outcome: "in-doubt", reason: "stopped", message: "unknown" });
    same(await waits.settled, { outcome: "in-doubt", reason: "stopped", message: "waits" });
    same([(await it.closed).cause, it.state.reason, it.queued], ["WorkerLost", "WorkerLost", 0]);
    same(events, [
      ["statechange", "closed"],
      ["error", "WorkerLost"],
      ["close", "WorkerLost, last"],
    ]);
    same((await it.send("after").settled).reason, "closed");
    it.reconnect();
    it.send("again");
    same(await messages(it, 1), ["again"]);
    same(made.all.length, 2);
  },

  "nothing is done in a worker whose end the page would not hear of": async ({ over, openRoom }) => {
    const room = await openRoom();
    const { wire, made } = await fresh(over, unlocked);
    const it = wire(room.url());
    it.send("waits");
    const [worker] = made.all;
    const here = () => next(worker, "message", ({ data }) => data === "here");
    await here();
    const answered = here();
    worker.postMessage("there?");
    await answered;
    same(lookAt(room.url()).dialed, 0);
    worker.postMessage("grant");
    same(await messages(it, 1), ["waits"]);
  },

  "a worker that is ended before it began gives back every send, and nothing has left": async ({
    over,
    openRoom,
  }) => {
    const room = await openRoom();
    const waitsForItsLock = unlocked();
    await next(waitsForItsLock, "message", ({ data }) => data === "here");
    for (const worker of [waitsForItsLock, unlocked()]) {
      const { wire } = await fresh(over, () => worker);
      const it = wire(room.url(), { reconnect: { connectTimeout: 100 } });
      const receipt = it.send("kept");
      const failed = next(it, "error");
      Worker.prototype.terminate.call(worker);
      const { error } = await failed;
      same(error.code, "WorkerUnavailable");
      matches(error.cause.message, /connectTimeout/);
      same(await receipt.settled, { outcome: "not-sent", reason: "closed", message: "kept" });
      same([(await it.closed).cause, it.queued], ["WorkerUnavailable", 0]);
      same(lookAt(room.url()).dialed, 0);
    }
  },

  "a worker is given as much time to begin as the most patient of its wires has": async ({
    over,
    openRoom,
  }) => {
    const room = await openRoom();
    const { wire, made } = await fresh(over, unlocked);
    const limit = 20;
    const hasty = wire(room.url(), { reconnect: { connectTimeout: limit } });
    const it = wire(room.url());
    // Set after that of the wire, and as long, it runs out after it.
    const wait = () => new Promise((resolve) => setTimeout(resolve, limit / 2));
    await wait().then(wait);
    same([hasty.state.name, made.ended], ["connecting", 0]);
    made.all[0].postMessage("grant");
    it.send("here");
    same(await messages(it, 1), ["here"]);
    same(made.all.length, 1);
  },

  "a worker that cannot be started gives back every send, and says what to do": async ({ over }) => {
    const { wire, init } = await fresh(over, () => new Worker("/pkg/nowhere.js", { type: "module" }));
    const it = wire("ws://127.0.0.1:9/");
    const receipt = it.send("kept");
    const { error } = await next(it, "error");
    same(error.code, "WorkerUnavailable");
    matches(error.message, /worker-src/);
    same(await receipt.settled, { outcome: "not-sent", reason: "closed", message: "kept" });
    init(() => {
      throw new Error("not today");
    });
    const refused = wire("ws://127.0.0.1:9/");
    same([refused.state.name, refused.state.reason], ["closed", "WorkerUnavailable"]);
    same((await next(refused, "error")).error.cause.message, "not today");
  },

  "a trap in the worker closes every wire, and nothing is claimed that is not known": async ({
    over,
    openRoom,
    takeUncaught,
  }) => {
    const room = await openRoom();
    const { wire, init, made } = await fresh(
      over,
      () => new Worker("/e2e/trapping-worker.js", { type: "module" }),
    );
    const it = wire(room.url());
    const waiting = wire(await room.urlAt("hang"));
    await it.opened;
    const held = waiting.send("held");
    same((await it.send("sent").settled).outcome, "handed-over");
    const failed = Promise.all([next(it, "error"), next(waiting, "error")]);
    made.all[0].postMessage(0);
    const trapped = it.send("trapped");
    const unheard = it.send("unheard");
    for (const { error } of await failed) same(error.code, "WasmTrap");
    same((await held.settled).reason, "closed", "it had not left");
    same((await trapped.settled).outcome, "in-doubt");
    ok(["in-doubt", "not-sent"].includes((await unheard.settled).outcome), "it may have been answered still");
    takeUncaught();
    init(ours);
    it.reconnect();
    it.send("again");
    same(await messages(it, 1), ["again"]);
  },

  "a page that is too slow loses the connection, not messages in between": async ({
    wire,
    engine,
    openRoom,
  }) => {
    const room = await openRoom();
    const urls = [room.url("flood=40000&size=8&kind=text"), room.url()];
    const it = wire(() => urls.shift() ?? room.url(), { codec: "text" });
    let arrived = 0;
    let all;
    const everything = new Promise((resolve) => (all = resolve));
    it.on((message) => {
      if (message === "after it") return;
      arrived += 1;
      if (arrived === 40_000) all();
      if (arrived > 1) return;
      // Elsewhere a page that stands still mostly holds its workers' sockets up too; what came may be too much all the same.
      let looks = 0;
      while (lookAt(room.url()).closed === 0 && (engine.workersOutrunPages || looks < 20)) looks += 1;
    });
    const events = record(it, "error", "close", "open");
    const failed = next(it, "error").then(({ error }) => error);
    const error = await (engine.workersOutrunPages ? failed : Promise.race([failed, everything]));
    if (error) {
      same(error.code, "InboundOverflow");
      matches(error.message, /too slow/);
      await next(it, "open");
      ok(arrived > 16_384 && arrived < 40_000, `${arrived} arrived of the first connection`);
      same(
        events.map(([type]) => type),
        ["open", "error", "close", "open"].slice(-events.length),
      );
    }
    it.send("after it");
    await next(it, "message", ({ data }) => data === "after it");
    same(it.stats().reconnects, error ? 1 : 0);
  },

  "a class of WebSocket is refused": async ({ Wire }) => {
    const error = await thrown(() => new Wire("ws://127.0.0.1:9/", { WebSocket }));
    same(error.code, "InvalidOption");
    matches(error.message, /Use everwire/);
  },
};
