// How a wire opens, waits, closes, and says so.
import { messages, next, ok, record, same, task, thrown } from "../check.js";

const SOON = { reconnect: { baseDelay: 20, factor: 1 } };

export const scenarios = {
  "a wire tells of every state on its way": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    same(it.state, { name: "connecting", phase: "dialing", attempt: 1 });
    const events = record(it, "statechange", "open", "close");
    await it.opened;
    same(it.state, { name: "open" });
    it.close(4000, "done");
    same(it.state.name, "closing");
    const closed = { code: 4000, reason: "done", wasClean: true };
    same(await it.closed, { ...closed, cause: "ClosedByApplication", last: true });
    same(it.state, { name: "closed", reason: "ClosedByApplication", close: closed });
    same(events, [
      ["statechange", "open"],
      ["open", ""],
      ["statechange", "closing"],
      ["statechange", "closed"],
      ["close", "ClosedByApplication, last"],
    ]);
    const { lastClose } = await room.until("the close", (stats) => stats.closed === 1);
    same([lastClose.code, lastClose.reason], [4000, "done"]);
  },

  "an idle wire makes no attempt, and queues, until it is asked to": async ({ wire, openRoom }) => {
    const [room, other] = [await openRoom(), await openRoom()];
    const it = wire(room.url(), { idle: true });
    const receipt = it.send("waits");
    await wire(other.url()).opened;
    same(it.state, { name: "idle" });
    same([it.queued, receipt.result, (await room.stats()).dialed], [1, undefined, 0]);
    it.reconnect();
    same(await messages(it, 1), ["waits"]);
    same((await receipt.settled).outcome, "handed-over");
    same((await room.stats()).dialed, 1);
  },

  "an idle wire that is closed gives back what waits": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const unused = wire(room.url(), { idle: true });
    const given = unused.send("given back");
    unused.close();
    const [{ reason }, { cause }] = await Promise.all([given.settled, unused.closed]);
    same([reason, cause], ["closed", "ClosedByApplication"]);
    same((await room.stats()).dialed, 0);
  },

  "a waiting wire says how long, until when and why": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("close=1001&reason=retry-after%3D20000"));
    const { state } = await next(it, "statechange", ({ state }) => state.name === "waiting");
    const { delay, until } = state;
    same(state, {
      name: "waiting",
      attempt: 2,
      delay,
      until,
      reason: "ServerClosed",
      close: { code: 1001, reason: "retry-after=20000", wasClean: true },
    });
    ok(delay >= 20_000 && delay <= 20_250, `${delay} ms`);
    // Where the clock ticks once a millisecond it may not have moved; then the last bit of a float decides.
    const left = until - performance.now();
    ok(left > 0 && left <= delay + 1, `${left} of ${delay} ms are left`);
    it.reconnect();
    same(it.state, { name: "connecting", phase: "dialing", attempt: 2 }, "nobody has to wait for it");
  },

  "a close code that the engine does not know ends the connection as if it had broken": async (page) => {
    const room = await page.openRoom();
    const codes = [1000, 1001, 1011, 1012, 1013, 1014, 3000, 4000];
    const urls = codes.map((code) => room.url(`close=${code}&reason=why`));
    const it = page.wire([...urls, room.url("say=%22still+there%22")], { reconnect: { delay: () => 0 } });
    const heard = [];
    it.addEventListener("close", ({ code, reason, wasClean }) => heard.push([code, reason, wasClean]));
    same(await messages(it, 1), ["still there"]);
    same(
      heard,
      codes.map((code) => (page.engine.hears(code) ? [code, "why", true] : [1006, "", false])),
    );
  },

  "ready, opened and closed settle when they should": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const aborted = new AbortController();
    const never = it.ready({ signal: aborted.signal });
    aborted.abort(new Error("no patience"));
    same((await thrown(never)).message, "no patience");
    await Promise.all([it.opened, it.ready()]);
    await it.ready();
    same((await thrown(it.ready({ signal: AbortSignal.abort(new Error("before")) }))).message, "before");
    const closed = it.closed;
    it.close();
    same((await closed).cause, "ClosedByApplication");
    same((await it.closed).cause, "ClosedByApplication");
    same((await thrown(it.opened)).code, "ClosedByApplication");
    const doomed = wire(room.url("close=4400&reason=never"), { isWelcome: () => false });
    const error = await thrown(doomed.opened);
    same([error.code, error.close.code, error.close.reason], ["ServerClosed", 4400, "never"]);
  },

  "a signal closes the wire": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const controller = new AbortController();
    const it = wire(room.url(), { signal: controller.signal });
    await it.opened;
    controller.abort();
    const { cause, code, reason } = await it.closed;
    same([cause, code, reason], ["ClosedByApplication", 1000, "aborted"]);
    const stillborn = wire(room.url(), { signal: controller.signal });
    same([stillborn.state.name, stillborn.state.reason], ["closed", "ClosedByApplication"]);
    same((await room.stats()).dialed, 1);
  },

  "a close takes the codes that a browser lets it send": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { closeTimeout: 60_000 });
    await it.opened;
    for (const code of [0, 999, 1001, 1006, 2999, 5000, 3000.5, 69_536, NaN]) {
      same((await thrown(() => it.close(code))).code, "InvalidClose", String(code));
    }
    it.close(3000, "é".repeat(100));
    same((await it.closed).code, 3000);
    const { lastClose } = await room.until("the close", ({ closed }) => closed === 1);
    same([lastClose.code, lastClose.reason], [3000, "é".repeat(61)], "123 bytes fit into a close frame");
  },

  "a function is asked for the URL, and a token, anew at every attempt": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const tokens = ["stale", "stale too", "s3cret"];
    const asked = [];
    const url = async ({ attempt, reason, signal }) => {
      asked.push([attempt, reason, signal.aborted]);
      return new URL(room.url(`token=s3cret&auth=${tokens[attempt - 1]}`));
    };
    const it = wire(url, SOON);
    same(it.state, { name: "connecting", phase: "resolving", attempt: 1 });
    const errors = record(it, "error");
    await it.opened;
    same(asked, [
      [1, "Started", false],
      [2, "DialFailed", false],
      [3, "DialFailed", false],
    ]);
    same(errors, [
      ["error", "DialFailed"],
      ["error", "DialFailed"],
    ]);
  },

  "a url function that fails is asked again, and the cause is told": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const url = ({ attempt }) => {
      if (attempt === 1) throw new Error("thrown");
      if (attempt === 2) return Promise.reject(new Error("rejected"));
      return room.url();
    };
    const it = wire(url, SOON);
    const errors = [];
    it.addEventListener("error", ({ error }) => errors.push([error.code, error.cause?.message]));
    await it.opened;
    same(
      errors,
      [
        ["ProviderFailed", "thrown"],
        ["ProviderFailed", "rejected"],
      ],
      "the first one too, which fails before there can be a listener",
    );
  },

  "a url function that gives no URL has failed, and nothing is dialed": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(({ attempt }) => (attempt === 1 ? undefined : room.url()), SOON);
    const { error } = await next(it, "error");
    same(
      [error.code, error.cause.message],
      ["ProviderFailed", "The url function gave undefined, not a URL."],
    );
    await it.opened;
  },

  "a url function that never answers ends at the connect timeout, and its signal tells it": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const signals = [];
    const url = ({ attempt, signal }) => {
      signals.push(signal);
      return attempt === 1 ? new Promise(() => {}) : room.url();
    };
    const it = wire(url, { reconnect: { baseDelay: 5, connectTimeout: 300 } });
    same((await next(it, "error")).error.code, "ConnectTimeout");
    same(signals.map(({ aborted }) => aborted)[0], true);
    await it.opened;
    // On a busy machine a dial can take as long, and then it is asked once more.
    same([signals.pop().aborted, signals.every(({ aborted }) => aborted)], [false, true]);
    const closing = wire(({ signal }) => (signals.push(signal), new Promise(() => {})));
    closing.close();
    same(signals.at(-1).aborted, true, "closing says so too");
  },

  "URLs of a list are taken in turn": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const urls = [room.url("refuse=503"), new URL(await room.urlAt("refuse")), room.url("say=1")];
    const it = wire(urls, SOON);
    same(await messages(it, 1), [1]);
    const { dialed, opened, refused } = await room.stats();
    same([dialed, opened, refused], [2, 1, 1]);
  },

  "http: is as good as ws:, and a fragment does no harm": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(`${room.url().replace("ws:", "http:")}#fragment`);
    await it.opened;
  },

  "a URL that cannot be used closes the wire": async ({ wire, WireError }) => {
    for (const url of ["ftp://127.0.0.1/", "http://", "ws://127.0.0.1:99999/"]) {
      const it = wire(url);
      same([it.state.name, it.state.reason], ["closed", "InvalidUrl"], url);
      same((await thrown(it.opened)).code, "InvalidUrl", url);
      same((await it.closed).cause, "InvalidUrl", url);
      same(it.send("x").result.reason, "closed");
      // What a function gives is dialed later, when somebody listens.
      const { error } = await next(
        wire(async () => url),
        "error",
      );
      ok(
        error instanceof WireError && error.cause === undefined,
        "the exception would tell the URL, token and all",
      );
      same(error.code, "InvalidUrl", url);
    }
  },

  "subprotocols that cannot be used close the wire": async ({ wire, openRoom }) => {
    const room = await openRoom();
    for (const protocols of [["a", "a"], "a b", ["a,b"], [""]]) {
      const it = wire(room.url(), { protocols });
      same([it.state.name, it.state.reason], ["closed", "InvalidProtocols"], String(protocols));
      const { error } = await next(wire(room.url(), { protocols: async () => protocols }), "error");
      same(error.code, "InvalidProtocols", String(protocols));
    }
  },

  "subprotocols are offered, also from a function": async ({ wire, openRoom }) => {
    const room = await openRoom();
    for (const protocols of ["b", ["a", "b"], async () => ["b", "c"], () => "b"]) {
      const it = wire(room.url("protocol=b"), { protocols });
      await it.opened;
      same(it.protocol, "b");
    }
    const plain = wire(room.url());
    await plain.opened;
    same([plain.protocol, plain.bufferedAmount], ["", 0]);
  },

  "a greeting leaves first, and the queue waits for the welcome": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const greetings = [];
    const it = wire(room.url("token=s3cret&token_in=message"), {
      codec: "text",
      greet: async (greeting) => {
        greetings.push([greeting.attempt, greeting.signal.aborted]);
        await Promise.resolve();
        greeting.send("s3cret");
        greeting.sendRaw("raw");
      },
      isWelcome: (message, raw) => message === "welcome" && raw === "welcome",
    });
    const phases = record(it, "statechange");
    it.send("queued");
    same(await messages(it, 3), ["welcome", "raw", "queued"]);
    // The peer keeps tokens to itself, and closes if one does not come first.
    same((await room.stats()).received, ["raw", "queued"]);
    same(greetings, [[1, false]]);
    same(phases, [
      ["statechange", "connecting/handshaking"],
      ["statechange", "open"],
    ]);
  },

  "a greeting that fails is tried again on a new connection, and the cause is told": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const greet = ({ attempt }) => {
      if (attempt === 1) throw new Error("thrown");
      return attempt === 2 ? Promise.reject(new Error("rejected")) : undefined;
    };
    const it = wire(room.url(), { ...SOON, greet });
    const errors = [];
    it.addEventListener("error", ({ error }) => errors.push([error.code, error.cause.message]));
    await it.opened;
    same(errors, [
      ["GreetingFailed", "thrown"],
      ["GreetingFailed", "rejected"],
    ]);
    await room.until(
      "one connection is left",
      ({ connections, opened }) => connections === 1 && opened === 3,
    );
  },

  "pings are answered by pongs that measure the round trip": async ({ wire, openRoom }) => {
    const room = await openRoom();
    let pings = 0;
    const raws = [];
    const it = wire(room.url("words&delay=40"), {
      codec: "text",
      heartbeat: {
        interval: 100,
        timeout: 5_000,
        ping: () => (pings++, "ping"),
        isPong: (message, raw) => (raws.push([message, raw]), message === "pong"),
      },
    });
    const heard = record(it, "message");
    same(it.rtt, undefined);
    const { rtt, smoothed } = await next(it, "pong");
    ok(rtt >= 35 && smoothed === rtt, `${rtt} ms, ${smoothed} ms`);
    await next(it, "pong");
    ok(it.rtt.last >= 35 && it.rtt.smoothed >= 35 && pings >= 2, "it goes on");
    same([raws[0], heard], [["pong", "pong"], []]);
  },

  "a server that answers no ping is left": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const heartbeat = { interval: 20, timeout: 100, ping: "ping" };
    const it = wire([room.url("silent"), room.url()], { ...SOON, codec: "text", heartbeat });
    await it.opened;
    const [{ error }, { cause, last }] = await Promise.all([next(it, "error"), next(it, "close")]);
    same([error.code, cause, last], ["HeartbeatTimeout", "HeartbeatTimeout", false]);
    await it.ready();
  },

  "without a ping a server is left when nothing comes": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("silent"), { idleTimeout: 100 });
    same((await next(it, "error")).error.code, "IdleTimeout");
  },

  "the application decides whether and when to try again": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const asked = [];
    const it = wire([room.url("close=4401"), room.url("close=1001"), room.url("close=1000")], {
      reconnect: {
        shouldReconnect: (close, retry) => {
          asked.push([close.code, retry.attempt, retry.reason, retry.close.code]);
          return close.code !== 1000;
        },
        delay: ({ delay, elapsed }) => {
          ok(delay >= 0 && elapsed >= 0, "numbers to decide by");
          return 7;
        },
      },
    });
    const waits = [];
    it.addEventListener("statechange", ({ state }) => state.name === "waiting" && waits.push(state.delay));
    const { cause, code } = await it.closed;
    same([cause, code], ["GaveUp", 1000]);
    same(asked, [
      [4401, 2, "ServerClosed", 4401],
      [1001, 3, "ServerClosed", 1001],
      [1000, 4, "ServerClosed", 1000],
    ]);
    same(waits, [7, 7]);
    const delay = () => false;
    same((await wire(room.url("close=1012"), { reconnect: { delay } }).closed).cause, "GaveUp");
  },

  "a policy that throws or answers nonsense is reported, and the back-off holds": async ({
    wire,
    openRoom,
    takeUncaught,
  }) => {
    const room = await openRoom();
    const delay = ({ attempt }) => {
      if (attempt === 2) throw new Error("policy");
      return "soon";
    };
    const it = wire([room.url("close=1012"), room.url("close=1012"), room.url("say=1")], {
      reconnect: { delay, baseDelay: 5 },
    });
    same(await messages(it, 1), [1]);
    const [first, second] = takeUncaught();
    same([first.message, second.code], ["policy", "InvalidOption"]);
  },

  "attempts are counted, and the last one allowed is the last": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(await room.urlAt("refuse"), { reconnect: { baseDelay: 1, maxAttempts: 2 } });
    const events = record(it, "error", "close");
    const receipt = it.send("waits");
    same((await it.closed).cause, "GaveUp");
    same(events, [
      ["error", "DialFailed"],
      ["error", "DialFailed"],
      ["close", "GaveUp, last"],
    ]);
    same(receipt.result.reason, "closed");
  },

  "a suspended wire keeps its queue until it is asked to reconnect": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    it.suspend();
    same(it.state, { name: "suspended", reason: "Suspended" });
    it.send("kept");
    await room.until("the connection is gone", ({ connections }) => connections === 0);
    it.reconnect();
    same(await messages(it, 1), ["kept"]);
  },

  "a closed wire opens afresh when asked to reconnect": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    it.close();
    await it.closed;
    it.reconnect();
    const receipt = it.send("again");
    same(await messages(it, 1), ["again"]);
    same(await receipt.settled, { outcome: "handed-over" });
  },

  "everything waits while a stalled socket is full, where the engine tells": async (page) => {
    const { engine, wire, openRoom } = page;
    const room = await openRoom();
    const it = wire([room.url("stall"), room.url()], {
      ...SOON,
      codec: "bytes",
      highWaterMark: 200_000,
      queue: { maxBytes: 64e6 },
    });
    await it.opened;
    const receipts = Array.from({ length: 128 }, (_, i) => it.send(new Uint8Array(131_072).fill(i)));
    // How long a browser takes to move all of it depends on the machine; only what does not end is cut short.
    same(await it.drained(engine.seesStall ? { timeout: 500 } : undefined), !engine.seesStall);
    if (engine.seesStall) {
      // The wire goes on until nothing leaves any more; the end of the connection tells how much that was.
      while (it.queued > 0 && it.bufferedAmount <= 100_000) await task();
      ok(it.bufferedAmount > 100_000 && it.bufferedAmount <= 331_072, `${it.bufferedAmount} buffered`);
      let left;
      let arrived;
      const cut = next(it, "close", () => {
        left = it.queued;
        arrived = messages(it, left);
        return true;
      });
      await room.control("kill");
      await cut;
      ok(left > 0, "some wait");
      same(
        (await arrived).map((bytes) => bytes[0]),
        Array.from({ length: left }, (_, i) => 128 - left + i),
      );
    }
    same(
      receipts.every(({ result }) => result.outcome === "handed-over"),
      true,
    );
  },

  "a wire works in a worker": async ({ openRoom, over }) => {
    const room = await openRoom();
    const worker = new Worker("/e2e/worker.js", { type: "module" });
    over.addEventListener("abort", () => worker.terminate());
    const echo = next(worker, "message");
    worker.postMessage(room.url());
    same((await echo).data, "from a worker");
  },
};
