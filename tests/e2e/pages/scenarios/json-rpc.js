// JSON-RPC 2.0. With `relay` two wires of a room talk to each other: one of them writes what no peer of ours would; with
// `silent` the server says only what it is told to.
import { messages, next, ok, same, task, thrown } from "../check.js";

const load = () => import("/pkg/json-rpc.js");

const refusal = async (promise) => {
  const { name, code, inDoubt, data } = await thrown(promise);
  return name === "JsonRpcError" ? [code, data] : [code, inDoubt];
};

/** Someone who writes and reads texts, and a peer that answers them. */
async function server({ wire, openRoom }, options) {
  const { JsonRpc, JsonRpcError, JsonRpcCode } = await load();
  const room = await openRoom();
  const [raw, it] = [wire(room.url("relay&members"), { codec: "text" }), wire(room.url("relay"))];
  await Promise.all([it.opened, next(raw, "message", ({ data }) => JSON.parse(data).members?.length === 2)]);
  const rpc = new JsonRpc(it, options);
  /** What it answers, until it answers this last request. */
  const answers = async (...texts) => {
    const heard = [];
    const over = new Promise((resolve) => {
      const end = raw.on((text) => {
        const message = JSON.parse(text);
        if (message.id !== "last") return heard.push(message);
        end();
        resolve(heard);
      });
    });
    for (const text of texts) raw.send(typeof text === "string" ? text : JSON.stringify(text));
    raw.send('{"jsonrpc":"2.0","method":"last","id":"last"}');
    return over;
  };
  rpc.respond("last", () => task());
  return { room, raw, it, rpc, answers, JsonRpc, JsonRpcError, JsonRpcCode };
}

const said = (room, message) => room.control(`say?text=${encodeURIComponent(JSON.stringify(message))}`);
const INVALID = { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } };
const PARSE = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } };
const result = (id, value) => ({ jsonrpc: "2.0", id, result: value });
const error = (id, code, message, data) => ({
  jsonrpc: "2.0",
  id,
  error: data === undefined ? { code, message } : { code, message, data },
});

export const scenarios = {
  "it answers the examples of the specification as that says": async (page) => {
    const { rpc, answers } = await server(page);
    const notified = [];
    rpc.respond("subtract", (params) => {
      const [a, b] = Array.isArray(params) ? params : [params.minuend, params.subtrahend];
      return a - b;
    });
    rpc.respond("sum", (numbers) => numbers.reduce((a, b) => a + b, 0));
    rpc.respond("get_data", () => ["hello", 5]);
    for (const name of ["update", "notify_hello", "notify_sum"])
      rpc.respond(name, (params, { id }) => void notified.push([name, params, id]));
    for (const [text, ...expected] of [
      ['{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', result(1, 19)],
      ['{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', result(2, -19)],
      [
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        result(3, 19),
      ],
      ['{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}'],
      ['{"jsonrpc": "2.0", "method": "foobar"}'],
      ['{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', error("1", -32601, "Method not found")],
      ['{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE],
      ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID],
      [
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
        PARSE,
      ],
      ["[]", INVALID],
      ["[1]", [INVALID]],
      ["[1,2,3]", [INVALID, INVALID, INVALID]],
      [
        `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
          {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
          {"foo": "boo"},
          {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
          {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
        [
          result("1", 7),
          result("2", 19),
          INVALID,
          error("5", -32601, "Method not found"),
          result("9", ["hello", 5]),
        ],
      ],
      [
        `[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]`,
      ],
    ])
      same(await answers(text), expected, text);
    same(notified, [
      ["update", [1, 2, 3, 4, 5], undefined],
      ["notify_hello", [7], undefined],
      ["notify_sum", [1, 2, 4], undefined],
      ["notify_hello", [7], undefined],
    ]);
  },

  "ids, params and versions are taken as they may be, and refused as they may not": async (page) => {
    const { rpc, answers } = await server(page);
    rpc.respond("echo", (params) => params);
    const ask = (more) => ({ jsonrpc: "2.0", method: "echo", ...more });
    for (const [message, ...expected] of [
      [ask({ id: null }), result(null, null)],
      [ask({ id: 1.5 }), result(1.5, null)],
      [ask({ id: "", params: {} }), result("", {})],
      [ask({ id: 0, params: [] }), result(0, [])],
      [ask({ id: -1e300 }), result(-1e300, null)],
      [ask({ id: {} }), INVALID],
      [ask({ id: [1] }), INVALID],
      [ask({ id: true }), INVALID],
      [ask({ id: 4, params: null }), { ...INVALID, id: 4 }],
      [ask({ id: 5, params: "text" }), { ...INVALID, id: 5 }],
      [ask({ id: 6, jsonrpc: "1.0" }), { ...INVALID, id: 6 }],
      [ask({ id: 7, jsonrpc: 2 }), { ...INVALID, id: 7 }],
      [
        { method: "echo", id: 8 },
        { ...INVALID, id: 8 },
      ],
      [ask({ id: 9, method: undefined }), { ...INVALID, id: 9 }],
      ...["__proto__", "constructor", "toString", "rpc.x", ""].map((method) => [
        ask({ id: method, method }),
        error(method, -32601, "Method not found"),
      ]),
      ["null", INVALID],
      ['"text"', INVALID],
      [[[]], [INVALID]],
    ])
      same(await answers(message), expected, JSON.stringify(message));
  },

  "what a handler throws is told if that was meant, and nothing of it else": async (page) => {
    const { rpc, answers, JsonRpcError, JsonRpcCode } = await server(page, { maxServing: 2 });
    const ask = (method, id) => ({ jsonrpc: "2.0", method, id });
    rpc.respond("params", () => {
      throw new JsonRpcError(JsonRpcCode.InvalidParams, "Invalid params", [{ at: "name" }]);
    });
    rpc.respond("own", async () => {
      throw new JsonRpcError(17, "No such room");
    });
    same(await answers(ask("params", 1), ask("own", 2)), [
      error(1, -32602, "Invalid params", [{ at: "name" }]),
      error(2, 17, "No such room"),
    ]);
    same(page.takeUncaught(), [], "these were meant");
    rpc.respond("secret", () => {
      throw new Error("the password is 1234");
    });
    rpc.respond("big", () => 10n);
    same(await answers(ask("secret", 3), ask("big", 4), [ask("own", 5), ask("big", 6)]), [
      error(3, -32603, "Internal error"),
      error(4, -32603, "Internal error"),
      [error(5, 17, "No such room"), error(6, -32603, "Internal error")],
    ]);
    same(await answers({ jsonrpc: "2.0", method: "secret" }), [], "a notification is not answered");
    same(
      page.takeUncaught().map(({ name }) => name),
      ["Error", "WireError", "WireError", "Error"],
      "these are told here",
    );
    let go;
    rpc.respond("slow", () => new Promise((resolve) => (go = resolve)));
    rpc.respond("more", () => go("done"));
    rpc.respond("waits", () => new Promise(() => {}));
    const more = { jsonrpc: "2.0", method: "more" };
    same(await answers(ask("waits", 6), ask("slow", 7), ask("own", 8), more), [
      error(8, -32000, "Too many requests are being worked on"),
      result(7, "done"),
    ]);
  },

  "a batch that is too large is refused whole, and nobody answers an answer": async (page) => {
    const errors = [];
    const { room, rpc, it, answers } = await server(page, {
      maxBatch: 3,
      onError: ({ code, message, data }) => errors.push([code, message, data]),
    });
    rpc.respond("echo", () => 1);
    const ask = { jsonrpc: "2.0", method: "echo", id: 1 };
    same(await answers([ask, ask, ask]), [[result(1, 1), result(1, 1), result(1, 1)]]);
    same(await answers([ask, ask, ask, ask], Array(100_000).fill(1)), [INVALID, INVALID]);
    const { messagesIn } = await room.stats();
    const strays = [
      INVALID,
      { ...PARSE, error: { ...PARSE.error, data: { line: 1 } } },
      { error: 17, id: null },
      { jsonrpc: "2.0", error: { code: "x", message: 1 }, id: null },
      { jsonrpc: "2.0", result: 1, id: "nobody's" },
      [result(99, 1), INVALID, error(98, 1, "no")],
    ];
    same(await answers(...strays), []);
    same(errors, [
      [-32600, "Invalid Request", undefined],
      [-32700, "Parse error", { line: 1 }],
      [-32600, "Invalid Request", undefined],
    ]);
    same((await room.stats()).messagesIn, messagesIn + strays.length + 2);
    same(it.state.name, "open");
  },

  "it asks as the specification says, and takes answers as they may be": async ({ wire, openRoom }) => {
    const { JsonRpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new JsonRpc(it);
    await it.opened;
    const asked = [
      rpc.request("sum", [1, 2]),
      rpc.request("find", { name: "x" }),
      refusal(rpc.request("nothing")),
      refusal(rpc.request("malformed")),
      rpc.request("old"),
      refusal(rpc.request("older")),
      refusal(rpc.request("both")),
    ];
    const { outcome } = await rpc.notify("tell", { n: 1 }).settled;
    same(outcome, "handed-over");
    const { received } = await room.until("all are there", ({ messagesIn }) => messagesIn === 8);
    same(received.slice(0, 3).map(JSON.parse), [
      { jsonrpc: "2.0", method: "sum", params: [1, 2], id: 1 },
      { jsonrpc: "2.0", method: "find", params: { name: "x" }, id: 2 },
      { jsonrpc: "2.0", method: "nothing", id: 3 },
    ]);
    same(JSON.parse(received[7]), { jsonrpc: "2.0", method: "tell", params: { n: 1 } });
    for (const answer of [
      result("1", "not this id"),
      result(2, null),
      result(2, "again"),
      result(1, 3),
      error(3, -32601, "Method not found", { method: "nothing" }),
      { jsonrpc: "2.0", id: 4, error: "text" },
      { jsonrpc: "2.0", id: 5, result: 5, error: null },
      { id: 6, result: 6 },
      { jsonrpc: "2.0", id: 7, result: 7, error: { code: 1, message: "" } },
    ])
      await said(room, answer);
    same(await Promise.all(asked), [
      3,
      null,
      [-32601, { method: "nothing" }],
      ["malformed", true],
      5,
      ["malformed", true],
      ["malformed", true],
    ]);
    same(rpc.pending, 0);
    for (const wrong of [17, "text", null])
      ok((await thrown(rpc.request("sum", wrong))) instanceof TypeError, `params ${wrong}`);
    ok((await thrown(() => rpc.notify("tell", 1))) instanceof TypeError, "params of notifications");
    same([rpc.pending, (await room.stats()).messagesIn], [0, 8]);
  },

  "a batch leaves in one message, and each of its requests ends by itself": async ({ wire, openRoom }) => {
    const { JsonRpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"), { reconnect: { delay: () => 0 } });
    const rpc = new JsonRpc(it);
    await it.opened;
    const [a, b, c] = rpc.batch(({ request, notify }) => {
      const first = request("a", [1]);
      notify("tell", { n: 1 });
      return [first, refusal(request("b", [], { timeout: 30 })), refusal(request("c"))];
    });
    same(rpc.pending, 3);
    const { received } = await room.until("it is there", ({ messagesIn }) => messagesIn === 1);
    same(JSON.parse(received[0]), [
      { jsonrpc: "2.0", method: "a", params: [1], id: 1 },
      { jsonrpc: "2.0", method: "tell", params: { n: 1 } },
      { jsonrpc: "2.0", method: "b", params: [], id: 2 },
      { jsonrpc: "2.0", method: "c", id: 3 },
    ]);
    same(await b, ["timed-out", true]);
    await said(room, [result(2, "late"), result(1, "one")]);
    same(await a, "one");
    await room.control("kill");
    same(await c, ["lost", true]);
    same(rpc.pending, 0);
  },

  "a batch that is wrong is not sent, and leaves nothing behind": async ({ wire, openRoom }) => {
    const { JsonRpc } = await load();
    const room = await openRoom();
    const it = wire(room.url("silent"));
    const rpc = new JsonRpc(it);
    await it.opened;
    let kept;
    const broken = await thrown(() =>
      rpc.batch(({ request }) => {
        request("a");
        throw new Error("changed my mind");
      }),
    );
    same([broken.message, rpc.pending], ["changed my mind", 0]);
    same(
      rpc.batch((batch) => ((kept = batch), 17)),
      17,
      "an empty one is nothing",
    );
    ok((await thrown(kept.request("late"))) instanceof TypeError, "it is too late");
    ok((await thrown(() => kept.notify("late"))) instanceof TypeError, "it is too late");
    const [good, wrong] = rpc.batch(({ request }) => [request("good"), refusal(request("wrong", 1))]);
    await room.until("one of it", ({ messagesIn }) => messagesIn === 1);
    same((await wrong)[0], undefined, "a TypeError");
    same(JSON.parse((await room.stats()).received[0]).length, 1);
    await said(room, result(JSON.parse((await room.stats()).received[0])[0].id, "fine"));
    same(await good, "fine");
    const unsendable = rpc.batch(({ request }) => [thrown(request("a", [1n])), thrown(request("b"))]);
    same(
      (await Promise.all(unsendable)).map(({ code }) => code),
      ["InvalidMessage", "InvalidMessage"],
    );
    same((await thrown(() => rpc.batch(({ notify }) => notify("a", [1n])))).code, "InvalidMessage");
    same([rpc.pending, (await room.stats()).messagesIn], [0, 1]);
  },

  "both sides ask, with the same ids, and each ends as it must": async ({ wire, openRoom }) => {
    const { JsonRpc } = await load();
    const room = await openRoom();
    const a = wire(room.url("relay&members"));
    const b = wire(room.url("relay"), { reconnect: { delay: () => 0 } });
    await Promise.all([b.opened, next(a, "message", ({ data }) => data.members?.length === 2)]);
    const [left, right] = [new JsonRpc(a), new JsonRpc(b)];
    left.respond("double", ([n]) => n * 2);
    right.respond("square", async ([n]) => n * n);
    const asked = [];
    for (let n = 1; n <= 20; n++) asked.push(left.request("square", [n]), right.request("double", [n]));
    const batch = left.batch(({ request }) => [1, 2, 3].map((n) => request("square", [n])));
    same(await Promise.all(asked), Array.from({ length: 20 }, (_, i) => [(i + 1) ** 2, (i + 1) * 2]).flat());
    same(await Promise.all(batch), [1, 4, 9]);
    same(await refusal(left.request("nothing")), [-32601, undefined]);
    let signal;
    const begun = new Promise((resolve) => {
      right.respond("never", (_, asked) => ((signal = asked.signal), resolve(), new Promise(() => {})));
    });
    const over = new AbortController();
    const given = thrown(left.request("never", [], { signal: over.signal }));
    await begun;
    over.abort("enough");
    same(await given, "enough");
    const back = next(b, "open");
    b.reconnect();
    await back;
    same(signal.aborted, true, "nobody waits any more");
    const late = refusal(left.request("never", [], { timeout: 30 }));
    same(await late, ["timed-out", true]);
    const ended = refusal(left.request("never"));
    left.end();
    same(await ended, ["ended", true]);
    a.close();
    same(await refusal(new JsonRpc(a).request("never")), ["closed", false]);
  },
};
