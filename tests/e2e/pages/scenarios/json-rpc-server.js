// JSON-RPC 2.0 with a server that is not ours: json-rpc-2.0 over ws, in the test's own process.
import { next, same, thrown } from "../check.js";

/** A wire and a peer; `server` is in the address of the page. */
async function open({ wire }, options) {
  const { JsonRpc, JsonRpcError } = await import("/pkg/json-rpc.js");
  const it = wire(new URLSearchParams(location.search).get("server"), options);
  return { it, rpc: new JsonRpc(it), JsonRpcError };
}

const refusal = async (promise) => {
  const { name, code, message, data } = await thrown(promise);
  return [name, code, message, data];
};

export const scenarios = {
  "the server answers by position and by name, with results of every kind": async (page) => {
    const { rpc } = await open(page);
    same(await rpc.request("subtract", [42, 23]), 19);
    same(await rpc.request("subtractNamed", { subtrahend: 23, minuend: 42 }), 19);
    for (const value of [null, true, 0, "grüezi 👋", [1, [2]], { a: { b: null } }])
      same(await rpc.request("echo", { value }), { value });
    same(await rpc.request("nothing"), null);
  },

  "the server's errors come with their code, message and data": async (page) => {
    const { rpc } = await open(page);
    same(await refusal(rpc.request("nonsense")), ["JsonRpcError", -32601, "Method not found", undefined]);
    same(await refusal(rpc.request("refuse", { data: [1] })), ["JsonRpcError", 17, "No such room", [1]]);
    same((await refusal(rpc.request("fail")))[0], "JsonRpcError");
  },

  "the server takes notifications, and batches, which it answers in one": async (page) => {
    const { it, rpc } = await open(page);
    await it.opened;
    const { messages } = it.stats().received;
    rpc.notify("tell", { n: 1 });
    rpc.notify("tell", { n: 2 });
    const answers = rpc.batch(({ request, notify }) => {
      notify("tell", { n: 3 });
      return [request("subtract", [3, 1]), refusal(request("nonsense")), request("echo", ["last"])];
    });
    same(await Promise.all(answers), [2, ["JsonRpcError", -32601, "Method not found", undefined], ["last"]]);
    same(await rpc.request("told"), [1, 2, 3]);
    same(it.stats().received.messages, messages + 2, "one answer to the batch, one to the question");
  },

  "the server asks and tells, and gets what its client has to say": async (page) => {
    const { rpc, JsonRpcError } = await open(page);
    rpc.respond("add", async ([a, b]) => a + b);
    rpc.respond("refuse", () => {
      throw new JsonRpcError(4000, "No", { why: "because" });
    });
    const news = new Promise((resolve) => rpc.respond("news", (params, { id }) => resolve([params, id])));
    same(await rpc.request("askBack", { method: "add", params: [1, 2] }), { result: 3 });
    same(await rpc.request("askBack", { method: "nonsense", params: [] }), {
      error: { code: -32601, message: "Method not found" },
    });
    same(await rpc.request("askBack", { method: "refuse", params: {} }), {
      error: { code: 4000, message: "No", data: { why: "because" } },
    });
    await rpc.request("tellBack", { text: "hello" });
    same(await news, [{ text: "hello" }, undefined]);
  },

  "what the server cannot read it says so, and a hundred at once find their answers": async (page) => {
    const { it, rpc } = await open(page, { reconnect: { delay: () => 0 } });
    const asked = Array.from({ length: 100 }, (_, n) => rpc.request("echo", [n]));
    same(
      (await Promise.all(asked)).map(([n]) => n),
      Array.from({ length: 100 }, (_, n) => n),
    );
    const lost = refusal(rpc.request("hangUp"));
    same((await lost).slice(0, 2), ["RequestError", "lost"]);
    await it.ready();
    same(await rpc.request("echo", ["again"]), ["again"]);
    const last = next(it, "close");
    it.close();
    await last;
  },
};
