// Requests and answers in plain mode. The peer echoes, so that a request is answered by itself; with `relay` two wires of a
// room talk to each other; with `silent` it says only what it is told to.
import { messages, next, ok, same, task, thrown } from "../check.js";

const load = () => import("/pkg/rpc.js");
const AT_ONCE = { reconnect: { delay: () => 0 } };

/** Why a request failed. */
const refusal = async (promise) => {
  const { name, code, data, inDoubt } = await thrown(promise);
  same(name, "RequestError");
  return data === undefined ? [code, inDoubt] : [code, inDoubt, data];
};

/** Two wires that hear each other. */
async function pair({ wire, openRoom }) {
  const room = await openRoom();
  const [a, b] = [wire(room.url("relay&members")), wire(room.url("relay"))];
  await Promise.all([b.opened, next(a, "message", ({ data }) => data.members?.length === 2)]);
  return { room, a, b };
}

const say = (room, message, more = "") =>
  room.control(`say?text=${encodeURIComponent(JSON.stringify(message))}${more}`);

export const scenarios = {
  "a request resolves with the message that has its id, in whatever order they come": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new Rpc(it);
    const answers = Promise.all(["a", "b", "c"].map((name) => rpc.request({ type: "find", name })));
    const { received } = await room.until("three are there", ({ messagesIn }) => messagesIn === 3);
    same(received.map(JSON.parse), [
      { type: "find", name: "a", id: 1 },
      { type: "find", name: "b", id: 2 },
      { type: "find", name: "c", id: 3 },
    ]);
    same(rpc.pending, 3);
    for (const id of [3, 1, 2]) await say(room, { id, found: id * 10 });
    same(
      (await answers).map(({ found }) => found),
      [10, 20, 30],
    );
    same(rpc.pending, 0);
  },

  "what is no answer, comes twice or comes late changes nothing, and handlers of the wire hear all": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new Rpc(it);
    const heard = [];
    it.on((message) => heard.push(message));
    await it.opened;
    const answer = rpc.request({ ask: 1 });
    const late = refusal(rpc.request({ ask: 2 }, { timeout: 30 }));
    await room.until("both are there", ({ messagesIn }) => messagesIn === 2);
    same(await late, ["timed-out", true]);
    const odd = [
      null,
      1,
      [1],
      "1",
      {},
      { id: "1" },
      { id: null },
      { id: [1] },
      { id: 7 },
      { id: -1 },
      { id: 2 },
    ];
    const all = messages(it, odd.length + 2);
    for (const message of odd) await say(room, message);
    await say(room, { id: 1, first: true });
    await say(room, { id: 1, first: false });
    await all;
    same(await answer, { id: 1, first: true });
    same(heard, [...odd, { id: 1, first: true }, { id: 1, first: false }]);
    same(rpc.pending, 0);
  },

  "requests go either way at the same time, with the same ids": async (page) => {
    const { Rpc } = await load();
    const { a, b } = await pair(page);
    const [left, right] = [new Rpc(a), new Rpc(b)];
    left.respond("double", ({ n }) => ({ n: n * 2 }));
    right.respond("square", async ({ n }) => ({ n: n * n }));
    const asked = [];
    for (let n = 1; n <= 20; n++) {
      asked.push(left.request({ type: "square", n }), right.request({ type: "double", n }));
    }
    same(
      (await Promise.all(asked)).map(({ n }) => n),
      Array.from({ length: 20 }, (_, i) => [(i + 1) ** 2, (i + 1) * 2]).flat(),
    );
  },

  "a handler's failure is answered: what was said on purpose, and nothing else": async (page) => {
    const { Rpc, RequestError } = await load();
    const { a, b } = await pair(page);
    const [left, right] = [new Rpc(a), new Rpc(b, { maxServing: 1 })];
    const failing = {
      text: () => Promise.reject(new RequestError("no such room")),
      data: () => {
        throw new RequestError("no such room", { data: { room: 7 } });
      },
      secret: () => {
        throw new Error("the password is 1234");
      },
      cycle: () => {
        const cycle = {};
        return { cycle: Object.assign(cycle, { cycle }) };
      },
    };
    for (const [type, handler] of Object.entries(failing)) right.respond(type, handler);
    const asked = (type) => refusal(left.request({ type }));
    same(await asked("text"), ["failed", false, "no such room"]);
    same(await asked("data"), ["failed", false, { room: 7 }]);
    same(page.takeUncaught(), [], "these were said on purpose");
    same(await asked("secret"), ["failed", false, "The request failed."]);
    same(await asked("cycle"), ["failed", false, "The request failed."]);
    same(
      page.takeUncaught().map(({ name }) => name),
      ["Error", "WireError"],
      "these are told here",
    );
    let go;
    right.respond("slow", () => new Promise((resolve) => (go = resolve)));
    const slow = left.request({ type: "slow" });
    same(await asked("text"), ["failed", false, "Too many requests are being worked on."]);
    go({ done: true });
    same((await slow).done, true);
    same(await asked("text"), ["failed", false, "no such room"], "there is room again");
  },

  "only messages with an id are requests, the later handler answers, and one that was ended does not": async (
    page,
  ) => {
    const { Rpc } = await load();
    const { a, b } = await pair(page);
    const [left, right] = [new Rpc(a), new Rpc(b)];
    const calls = [];
    const end = right.respond("who", () => (calls.push(1), { who: 1 }));
    const endSecond = right.respond("who", () => (calls.push(2), { who: 2 }));
    const heard = messages(b, 2);
    a.send({ type: "who" });
    a.send({ type: "who", id: null });
    await heard;
    end();
    same((await left.request({ type: "who" })).who, 2);
    endSecond();
    same(await refusal(left.request({ type: "who" }, { timeout: 50 })), ["timed-out", true]);
    same(calls, [2]);
  },

  "a request that is late is in doubt if it was sent, and taken back if not": async ({ wire, openRoom }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new Rpc(it, { timeout: 30 });
    await it.opened;
    same(await refusal(rpc.request({ sent: true })), ["timed-out", true]);
    it.suspend();
    const error = await thrown(rpc.request({ sent: false }));
    same([error.code, error.inDoubt, it.queued], ["timed-out", false, 0]);
    same(error.message, "The request was not answered in time. It was not sent.");
    same(rpc.pending, 0);
    same((await room.stats()).messagesIn, 1);
  },

  "a request that is given up rejects with the signal's reason, and is taken back if it waits": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new Rpc(it);
    const ask = (controller) => thrown(rpc.request({ n: 1 }, { signal: controller.signal }));
    const before = new AbortController();
    before.abort("before");
    same([await ask(before), it.queued], ["before", 0]);
    const waiting = new AbortController();
    const waits = ask(waiting);
    same(it.queued, 1);
    waiting.abort("while it waited");
    same([await waits, it.queued], ["while it waited", 0]);
    await it.opened;
    const under = new AbortController();
    const underWay = ask(under);
    await room.until("it is there", ({ messagesIn }) => messagesIn === 1);
    under.abort();
    same([(await underWay).name, rpc.pending], ["AbortError", 0]);
    same((await room.stats()).messagesIn, 1);
  },

  "a connection that is lost takes the requests along that it carried, and no others": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"), AT_ONCE);
    const rpc = new Rpc(it);
    await it.opened;
    for (const [end, code] of [
      [() => room.control("kill"), "lost"],
      [() => room.control("close?code=1000"), "lost"],
      [() => it.reconnect(), "lost"],
      [() => it.suspend(), "lost"],
    ]) {
      const carried = rpc.request({ carried: true });
      const told = thrown(carried);
      const { messagesIn } = await room.until("it is there", ({ clients }) => clients[0]?.messagesIn === 1);
      let waited;
      it.addEventListener("statechange", () => (waited = rpc.request({ waited: true })), { once: true });
      await end();
      const error = await told;
      same([error.code, error.inDoubt], [code, true]);
      ok(error.message.includes("nobody can tell what became of it"), error.message);
      if (it.state.name === "suspended") it.reconnect();
      const { received } = await room.until("what waited", (now) => now.messagesIn === messagesIn + 1);
      const { id, ...rest } = JSON.parse(received.at(-1));
      same(rest, { waited: true }, "it left on the next connection");
      await say(room, { id, answered: true });
      same((await waited).answered, true);
      const fresh = next(it, "open");
      it.reconnect();
      await fresh;
      await room.until("the old one is gone", ({ clients }) => clients.length === 1);
    }
    const carried = refusal(rpc.request({ last: true }));
    it.close();
    same(await carried, ["closed", true]);
    same(await refusal(rpc.request({ never: true })), ["closed", false]);
    same(rpc.pending, 0);
  },

  "a request that is not sent says why": async ({ wire, openRoom }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"), { queue: { maxMessages: 2, overflow: "drop-oldest" } });
    it.suspend();
    const rpc = new Rpc(it, { maxPending: 3 });
    const asked = [1, 2, 3].map((n) => refusal(rpc.request({ n })));
    same(await asked[0], ["evicted", false]);
    const large = refusal(rpc.request({ text: "x".repeat(2_000_000) }));
    same(await large, ["full", false]);
    const third = refusal(rpc.request({ n: 4 }));
    same(await asked[1], ["evicted", false]);
    it.clear();
    same(
      [await asked[2], await third],
      [
        ["withdrawn", false],
        ["withdrawn", false],
      ],
    );
    const cycle = {};
    cycle.cycle = cycle;
    same((await thrown(rpc.request(cycle))).code, "InvalidMessage");
    same([rpc.pending, it.queued], [0, 0]);
    const some = [1, 2, 3].map(() => refusal(rpc.request({})));
    same(await refusal(rpc.request({})), ["too-many", false]);
    same([rpc.pending, it.queued], [2, 2], "one gave way, and the one too many was not sent");
    rpc.end();
    same(await Promise.all(some), [
      ["evicted", false],
      ["ended", false],
      ["ended", false],
    ]);
    same([rpc.pending, it.queued], [0, 0]);
  },

  "an answer leaves on the connection that brought the request, or not at all": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"), AT_ONCE);
    const rpc = new Rpc(it);
    const signals = [];
    let finish;
    rpc.respond("work", (_, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => (finish = resolve));
    });
    await it.opened;
    const asked = messages(it, 1);
    await say(room, { type: "work", id: 1 });
    await asked;
    const back = next(it, "open");
    await room.control("kill");
    await back;
    same(signals[0].aborted, true);
    finish({ done: true });
    const again = messages(it, 1);
    await say(room, { type: "work", id: "x" });
    await again;
    same(signals[1].aborted, false);
    finish({ done: true });
    const { received } = await room.until("an answer", ({ messagesIn }) => messagesIn === 1);
    same(received.map(JSON.parse), [{ done: true, id: "x" }]);
    rpc.end();
    same(signals[1].aborted, true);
    const unheard = messages(it, 1);
    await say(room, { type: "work", id: 2 });
    await unheard;
    await task();
    same([signals.length, (await room.stats()).messagesIn], [2, 1], "it has ended");
  },

  "the application says where the id is, what an answer is, and what it is worth": async ({
    wire,
    openRoom,
  }) => {
    const { Rpc, answerOf } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const ids = ["first", "second"];
    const rpc = new Rpc(it, {
      id: {
        set: (body, id) => ({ head: { id }, body }),
        get: (message) => message.head?.id ?? message.head?.answers,
      },
      nextId: () => ids.shift(),
      isAnswer: ({ head }) => "answers" in head,
      read: ({ body }) => answerOf(body).value,
      discriminant: "kind",
      fail: (error, { kind }) => `${kind}: ${error.message}`,
    });
    rpc.respond("ask", () => "answered");
    rpc.respond("fail", () => Promise.reject(new Error("no")));
    const [first, second] = [rpc.request("a"), refusal(rpc.request("b"))];
    await room.until("both are there", ({ messagesIn }) => messagesIn === 2);
    await say(room, { kind: "ask", head: { id: "first" } });
    await say(room, { kind: "ask", head: { answers: "first" }, body: { value: 17 } });
    await say(room, { kind: "ask", head: { answers: "second" }, body: { error: 18 } });
    same([await first, await second], [17, ["failed", false, 18]]);
    await say(room, { kind: "fail", head: { id: 9 } });
    const { received } = await room.until("the answers", ({ messagesIn }) => messagesIn === 4);
    same(received.map(JSON.parse), [
      { head: { id: "first" }, body: "a" },
      { head: { id: "second" }, body: "b" },
      { head: { id: "first" }, body: "answered" },
      { head: { id: 9 }, body: "fail: no" },
    ]);
  },

  "another field can hold the id": async ({ wire, openRoom, takeUncaught }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const rpc = new Rpc(wire(room.url()), { id: "ref", nextId: () => crypto.randomUUID() });
    const { ref, id, ask } = await rpc.request({ ask: "echo", id: "kept" });
    same([ref.length, id, ask], [36, "kept", "echo"]);
    same(takeUncaught(), []);
  },

  "options that are wrong are refused": async ({ wire, openRoom }) => {
    const { Rpc } = await load();
    const room = await openRoom();
    const it = wire(room.url());
    for (const [wrong, text] of [
      [{ timeout: -1 }, /^timeout must be/],
      [{ timeout: 2 ** 31 }, /^timeout must be/],
      [{ timeout: NaN }, /^timeout must be/],
      [{ maxPending: 0 }, /^maxPending must be/],
      [{ maxServing: "1" }, /^maxServing must be/],
    ]) {
      const error = await thrown(() => new Rpc(it, wrong));
      ok(error instanceof TypeError && text.test(error.message), error.message);
    }
    const rpc = new Rpc(it, { timeout: Infinity, nextId: () => 1 });
    ok((await thrown(rpc.request({}, { timeout: "1 s" }))) instanceof TypeError, "a timeout is a number");
    const first = rpc.request({});
    const error = await thrown(rpc.request({}));
    ok(error instanceof TypeError && error.message.includes("nextId"), error.message);
    same(await first, { id: 1 });
    const { SessionWire } = await import("/pkg/session.js");
    const session = new SessionWire(room.url());
    const refused = await thrown(() => new Rpc(session));
    ok(refused instanceof TypeError && refused.message.includes("of its own"), refused.message);
    session.close();
  },
};
