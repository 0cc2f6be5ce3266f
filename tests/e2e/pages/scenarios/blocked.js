// Pages whose Content-Security-Policy forbids something.
import { matches, next, ok, record, same, thrown } from "../check.js";

export const scenarios = {
  "where wasm may not run, a wire is closed, says what to do, and gives back every send": async ({
    wire,
    WireError,
  }) => {
    const it = wire("ws://127.0.0.1:9/");
    same(it.state, {
      name: "closed",
      reason: "WasmUnavailable",
      close: { code: 1006, reason: "", wasClean: false },
    });
    const events = record(it, "statechange", "error", "close");
    const { error } = await next(it, "error");
    ok(error instanceof WireError && error.cause instanceof Error, "with the exception as the cause");
    same(error.code, "WasmUnavailable");
    matches(error.message, /'wasm-unsafe-eval'/);
    same((await it.closed).cause, "WasmUnavailable");
    same(events, [
      ["statechange", "closed"],
      ["error", "WasmUnavailable"],
      ["close", "WasmUnavailable, last"],
    ]);
    same(await it.send({ kept: true }).settled, {
      outcome: "not-sent",
      reason: "closed",
      message: { kept: true },
    });
    same((await thrown(it.opened)).code, "WasmUnavailable");
    same(
      [it.queued, it.queuedBytes, it.queue(), it.rtt, await it.drained(), it.clear()],
      [0, 0, [], undefined, true, []],
    );
    for (const method of ["close", "suspend", "reconnect"]) it[method]();
    same([it.state.name, it.state.reason], ["closed", "WasmUnavailable"]);
    const loop = await thrown(async () => {
      for await (const message of it) ok(false, message);
    });
    same(loop.code, "WasmUnavailable");
  },

  "where connections are forbidden, a wire is closed, says so, and gives back every send": async ({
    engine,
    wire,
  }) => {
    same(plainly(), engine.blockedByPolicy);
    const it = wire(async () => "ws://server.invalid/");
    const waiting = it.send("waits");
    const events = record(it, "error", "close");
    const { error } = await next(it, "error");
    same(error.code, "ContentBlocked");
    matches(error.message, /connect-src/);
    same((await it.closed).cause, "ContentBlocked");
    same(it.state.reason, "ContentBlocked");
    same(events, [
      ["error", "ContentBlocked"],
      ["close", "ContentBlocked, last"],
    ]);
    same([waiting.result.reason, it.send("after").result.reason], ["closed", "closed"]);
    const atOnce = wire("ws://server.invalid/");
    same([atOnce.state.name, atOnce.state.reason], ["closed", "ContentBlocked"]);
  },
};

/** What the constructor of a plain WebSocket does. */
function plainly() {
  try {
    return ["connecting", "open", "closing", "closed"][new WebSocket("ws://server.invalid/").readyState];
  } catch (error) {
    return error.name;
  }
}
