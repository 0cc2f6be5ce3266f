// How sessions are lost, moved and refused.
import { messages, next, ok, record, same } from "../check.js";

const AT_ONCE = { reconnect: { delay: () => 0 } };

export const scenarios = {
  "a server that restarts with its state goes on, and nothing is lost": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), AT_ONCE);
    const echoed = messages(it, 2);
    same(await it.send(1).settled, { outcome: "delivered" });
    const back = next(it, "session");
    await room.control("session/restart?state=kept");
    same((await back).resumed, true);
    same(await it.send(2).settled, { outcome: "delivered" });
    same(await echoed, [1, 2]);
  },

  "what was sent in the task in which the WebAssembly stopped comes back, and nothing of it is sent later":
    async (page) => {
      const { wire, openRoom, wasm } = page;
      const room = await openRoom();
      const [it, other] = [wire(room.url(), { codec: "text" }), wire(room.url())];
      await Promise.all([it.opened, other.opened]);
      const lost = next(it, "error");
      const receipt = it.send("too late");
      wasm.trapAfter(0);
      try {
        other.suspend();
      } catch {}
      same((await lost).error.code, "WasmTrap");
      same(receipt.result, { outcome: "not-sent", reason: "closed", message: "too late" });
      it.reconnect();
      const echoed = messages(it, 2);
      it.send("é");
      it.send("and more");
      same(await echoed, ["é", "and more"]);
      page.takeUncaught();
    },

  "a session that is lost is told: what was delivered, what is in doubt, what goes on": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url("withhold=acks"), { ...AT_ONCE, codec: "text" });
    await it.opened;
    const doubtful = [it.send("one"), it.send("two")];
    await messages(it, 2);
    const lost = next(it, "sessionlost");
    const begins = next(it, "session", ({ resumed }) => !resumed);
    await room.control("session/restart?state=lost");
    const { delivered, inDoubt, notSent, resent, received, inboundMissing } = await lost;
    same([delivered, inDoubt, notSent, resent, received], [0, { from: 1, to: 2 }, 0, 0, 2]);
    same(inboundMissing, true, "nobody can tell");
    same(await doubtful[0].settled, { outcome: "in-doubt", reason: "session-lost", message: "one" });
    same(await doubtful[1].settled, { outcome: "in-doubt", reason: "session-lost", message: "two" });
    await begins;
  },

  "with proof nothing is in doubt, and what was never accepted is sent in the next session": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { ...AT_ONCE, codec: "text" });
    same(await it.send("one").settled, { outcome: "delivered" });
    const lost = next(it, "sessionlost");
    await room.control("session/restart?state=buried");
    const { delivered, inDoubt } = await lost;
    same([delivered, inDoubt], [1, undefined]);
    same(await it.send("two").settled, { outcome: "delivered" });
  },

  "with a wire that closes, what the server never told is in doubt": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("withhold=acks"), { closeTimeout: 50 });
    await it.opened;
    const receipt = it.send("who knows");
    await messages(it, 1);
    await room.control("silence?ms=60000");
    it.close();
    same(await receipt.settled, { outcome: "in-doubt", reason: "closed", message: "who knows" });
  },

  "a server that goes away is left before it breaks, and nobody notices": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    const events = record(it, "close", "error", "statechange");
    const moved = next(it, "session", ({ resumed }) => resumed);
    const echoed = messages(it, 3);
    it.send(1);
    await room.control("session/goaway?grace=5000");
    it.send(2);
    await moved;
    same(await it.send(3).settled, { outcome: "delivered" });
    same(await echoed, [1, 2, 3]);
    same(events, []);
    same(it.stats().attempts, 2);
  },

  "a server that does not keep sessions is told apart: it never welcomes": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("welcome=never"), { reconnect: { connectTimeout: 300, maxAttempts: 1 } });
    const { error } = await next(it, "error");
    same(error.code, "NoWelcome");
    ok(/did not welcome the session/.test(error.message), error.message);
  },

  "a server that chooses no subprotocol keeps no sessions": async ({ wire, openRoom, engine }) => {
    const room = await openRoom();
    const it = wire(room.url("protocol=none"), { reconnect: { maxAttempts: 1 } });
    const { error } = await next(it, "error");
    same(error.code, engine.needsSubprotocol ? "DialFailed" : "NoSession");
    if (!engine.needsSubprotocol) same((await it.closed).cause, "NoSession");
  },

  "a server that breaks the protocol is told so, and left": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    await it.opened;
    const failed = next(it, "error");
    await room.control("session/send?what=garbage");
    const { error } = await failed;
    same([error.code, error.close.code], ["ProtocolViolated", 4004]);
  },

  "a token is asked for with every connection, and again when the server wants another": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const first = await room.issue("ms=600000&owner=me");
    const second = await room.issue("ms=600000&owner=me");
    const asked = [];
    let renewed;
    const renewal = new Promise((resolve) => (renewed = resolve));
    const it = wire(room.url(), {
      ...AT_ONCE,
      token: async ({ renews, signal }) => {
        asked.push([renews, signal.aborted]);
        if (renews) renewed();
        return asked.length === 1 ? first : second;
      },
    });
    await it.opened;
    same(asked, [[false, false]]);
    const ends = record(it, "close");
    await room.control(`revoke?token=${first}`);
    await renewal;
    same(await it.send("who I am").settled, { outcome: "delivered" });
    same(
      [asked, ends],
      [
        [
          [false, false],
          [true, false],
        ],
        [],
      ],
      "the connection goes on",
    );
    const back = next(it, "session", ({ resumed }) => resumed);
    await room.control("kill");
    await back;
    same(asked.length, 3);
  },

  "a token function that fails is told, and asked again": async ({ wire, openRoom }) => {
    const room = await openRoom();
    let calls = 0;
    const it = wire(room.url(), {
      ...AT_ONCE,
      token: () => {
        calls += 1;
        if (calls === 1) throw new Error("no token yet");
        return "token";
      },
    });
    const { error } = await next(it, "error");
    same([error.code, String(error.cause)], ["GreetingFailed", "Error: no token yet"]);
    await it.opened;
    same(calls, 2);
  },
};
