// What a page sees when the WebAssembly stops in the middle of something.
import { messages, next, ok, record, same, task, thrown } from "../check.js";

export const scenarios = {
  "a trap closes every wire, gives back what waits, and a new wire works": async (page) => {
    const { wire, openRoom, wasm, WireError } = page;
    const { listeners } = await import("/support/page.js");
    const heardBefore = listeners();
    const room = await openRoom();
    const open = wire(room.url());
    const heartbeat = { interval: 10, timeout: 5_000, ping: "ping" };
    const busy = wire(room.url("words"), { codec: "text", heartbeat });
    await Promise.all([open.opened, busy.opened]);
    // Last: browsers dial a host one connection at a time.
    const waiting = wire(await room.urlAt("hang"));
    const resolving = wire(() => new Promise(() => {}));
    const receipts = [waiting.send({ n: 1 }), waiting.send({ n: 2 }), resolving.send("three")];
    const wires = [open, waiting, resolving, busy];
    const events = wires.map((it) => record(it, "statechange", "error", "close"));
    const errors = wires.map((it) => next(it, "error"));
    const loop = open[Symbol.asyncIterator]().next();
    const outcomes = Promise.allSettled([waiting.opened, waiting.drained(), waiting.closed, loop]);

    ok(listeners() > heardBefore, "they listen to the page");
    wasm.trapAfter(0);
    trappedCall(() => open.suspend());
    same(listeners(), heardBefore, "none of them listens to the page any more");
    for (const { error } of await Promise.all(errors)) {
      ok(
        error instanceof WireError && error.cause instanceof WebAssembly.RuntimeError,
        "the trap is the cause",
      );
      same(error.code, "WasmTrap");
    }
    for (const heard of events) {
      same(heard, [
        ["statechange", "closed"],
        ["error", "WasmTrap"],
        ["close", "WasmTrap, last"],
      ]);
    }
    for (const it of wires) same([it.state.name, it.state.reason, it.queued], ["closed", "WasmTrap", 0]);
    same(
      receipts.map(({ result }) => result),
      [
        { outcome: "not-sent", reason: "closed", message: { n: 1 } },
        { outcome: "not-sent", reason: "closed", message: { n: 2 } },
        { outcome: "not-sent", reason: "closed", message: "three" },
      ],
    );
    same(open.send("after").result.reason, "closed");
    same(
      (await outcomes).map(({ status, value, reason }) => [status, reason?.code ?? value?.cause ?? value]),
      [
        ["rejected", "WasmTrap"],
        ["fulfilled", false],
        ["fulfilled", "WasmTrap"],
        ["rejected", "WasmTrap"],
      ],
    );
    await room.until(
      "its connections are closed",
      ({ opened, connections }) => opened === 2 && connections === 0,
    );

    const fresh = wire(room.url());
    fresh.send("a new wire");
    same(await messages(fresh, 1), ["a new wire"]);
    open.reconnect();
    open.send("an old wire, opened afresh");
    same(await messages(open, 1), ["an old wire, opened afresh"]);
    // Timers of the old instance are due by now.
    await room.until("time passes", () => performance.now() > start + 100);
    same(
      page
        .takeUncaught()
        .filter((error) => !(error instanceof WebAssembly.RuntimeError))
        .map(String),
      [],
      "no storm",
    );
  },

  "a wire that was closed long before a trap hears nothing of it, and works again when it is opened": async (
    page,
  ) => {
    const { wire, openRoom, wasm } = page;
    const room = await openRoom();
    const [open, over] = [wire(room.url()), wire(room.url())];
    await Promise.all([open.opened, over.opened]);
    over.close();
    await over.closed;
    const heard = record(over, "statechange", "error", "close");
    const told = next(open, "error");

    wasm.trapAfter(0);
    trappedCall(() => open.suspend());
    await told;
    same(over.send("one").result, { outcome: "not-sent", reason: "closed", message: "one" });
    same(heard, []);
    over.reconnect();
    await over.opened;
    same(await over.send("two").settled, { outcome: "handed-over" });
  },

  "what a wire asked for before a trap is not taken for what it asks afterwards": async (page) => {
    const { wire, openRoom, wasm } = page;
    const room = await openRoom();
    const answers = [];
    const it = wire(() => new Promise((resolve) => answers.push(resolve)));
    const lost = next(it, "error");
    wasm.trapAfter(0);
    trappedCall(() => it.suspend());
    same((await lost).error.code, "WasmTrap");
    it.reconnect();
    same(answers.length, 2);
    answers[0](room.url("say=%22stale%22"));
    await task();
    answers[1](room.url("say=%22fresh%22"));
    same(await messages(it, 1), ["fresh"]);
    page.takeUncaught();
  },

  "wherever it traps, every wire hears of it once and every receipt settles": async (page) => {
    const { wire, openRoom, wasm } = page;
    const room = await openRoom();
    let swept = 0;
    for (; swept < 200; swept++) {
      const live = wire(room.url(), { codec: "text" });
      const echoed = next(live, "message");
      await live.opened;
      live.send("before");
      await echoed;
      const errors = [];
      live.addEventListener("error", ({ error }) => errors.push(error.code));
      const receipts = [];
      const steps = [
        () => receipts.push(live.send("now")),
        () => live.suspend(),
        () => receipts.push(live.send("queued", { key: "k", ttl: 50_000 })),
        () => receipts.push(live.send("instead", { key: "k" })),
        () => live.reconnect(),
        () => receipts.push(live.send("late")),
      ];
      const over = Promise.race([next(live, "error"), next(live, "message", ({ data }) => data === "late")]);
      wasm.trapAfter(swept);
      for (const step of steps) if (wasm.isArmed()) trappedCall(step);
      await over;
      await task();
      const trapped = !wasm.isArmed();
      wasm.disarm();
      same(errors, trapped ? ["WasmTrap"] : [], `trapped at call ${swept}`);
      if (trapped) {
        same([live.state.name, live.state.reason], ["closed", "WasmTrap"]);
        ok(
          receipts.every(({ result }) => result),
          `every receipt settles; trapped at call ${swept}`,
        );
      } else {
        live.close();
        break;
      }
    }
    ok(swept > 10 && swept < 200, `${swept} calls were made to trap`);
    await room.until("no connection is left", ({ connections }) => connections === 0);
    same(
      page
        .takeUncaught()
        .filter((error) => !(error instanceof WebAssembly.RuntimeError))
        .map(String),
      [],
    );
    return swept;
  },
};

const start = performance.now();

/** Only a send that traps throws, and says so: nobody knows whether the socket took the message. */
function trappedCall(call) {
  try {
    call();
  } catch (error) {
    same(error.code, "WasmTrap");
    ok(error.cause instanceof WebAssembly.RuntimeError, "the trap is the cause");
    ok(typeof error.data === "string", "the message is given back");
  }
}
