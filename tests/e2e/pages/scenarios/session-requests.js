// Requests in a session, either way.
import { next, ok, same, thrown } from "../check.js";

const refusal = async (promise) => {
  const { name, code, status, data, inDoubt } = await thrown(promise);
  return { name, code, status, data, inDoubt };
};

export const scenarios = {
  "a request is answered, and across a cut too": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    same(await it.request("echo", { a: [1] }), { a: [1] });
    same(await it.request("echo"), undefined, "nothing in, nothing out");
    const slow = it.request("slow", 200);
    await it.request("echo", "it is under way");
    const back = next(it, "session", ({ resumed }) => resumed);
    await room.control("kill");
    await back;
    same(await slow, 200);
  },

  "bytes of a request that waits are those that were asked, whoever writes into them": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "bytes" });
    const bytes = new Uint8Array([1, 2, 3]);
    const answer = it.request("echo", bytes);
    bytes.fill(9);
    same([...(await answer)], [1, 2, 3]);
  },

  "a request that fails says why, with the status and what the server tells": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const name = "RequestError";
    const failed = await refusal(it.request("fail", 17));
    same([failed.name, failed.code, failed.status, failed.inDoubt], [name, "failed", 17, false]);
    same((await refusal(it.request("nonsense"))).code, "no-method");
    const late = await refusal(it.request("never", 0, { timeout: 50 }));
    same([late.code, late.inDoubt], ["timed-out", true]);
    it.suspend();
    const unsent = await refusal(it.request("echo", 1, { timeout: 20 }));
    same([unsent.code, unsent.inDoubt], ["timed-out", false], "it never left");
    it.close();
    same((await refusal(it.request("echo", 1))).code, "closed");
  },

  "a request can be cancelled, before it leaves and after": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const over = new AbortController();
    const waiting = it.request("never", 0, { signal: over.signal });
    over.abort(new Error("changed my mind"));
    same(String(await thrown(waiting)), "Error: changed my mind");
    same(it.queued, 0);
    await it.opened;
    const later = new AbortController();
    const under = it.request("never", 0, { signal: later.signal });
    await it.request("echo", "it is under way");
    later.abort(new Error("again"));
    same(String(await thrown(under)), "Error: again");
    same(String(await thrown(it.request("echo", 1, { signal: later.signal }))), "Error: again");
  },

  "an answer in parts is read by a loop, and one that is left early is cancelled": async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const it = wire(room.url());
    const found = [];
    for await (const part of it.requestStream("stream", 5)) found.push(part);
    same(found, [1, 2, 3, 4, 5]);
    same(await it.request("stream", 5), 5, "the last part");
    for await (const part of it.requestStream("stream", 1_000)) if (part === 2) break;
    const failed = it.requestStream("fail", 20);
    same((await refusal(failed.next())).status, 20);
    same(await it.request("echo", "goes on"), "goes on");
  },

  "a loop slower than an answer's parts is told, and loses no other": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { inbox: { maxMessages: 3 } });
    const parts = it.requestStream("stream", 100);
    same((await parts.next()).value, 1);
    await it.request("echo", "they are all here");
    await it.request("echo", "they are all here");
    same(
      (
        await refusal(
          (async () => {
            for await (const _ of parts);
          })(),
        )
      ).code,
      "overflow",
    );
    same(await it.request("echo", 1), 1);
  },

  "the server asks, and a handler answers with a value, a promise, or parts": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    await it.opened;
    const ask = (method, text) => it.request("ask", `${method} ${text}`);
    it.respond("upper", (text) => text.toUpperCase());
    it.respond("later", async (text) => `${text}, later`);
    it.respond("list", () => "not streamed");
    it.respond("parts", function* (text) {
      yield `${text} 1`;
      yield `${text} 2`;
    });
    it.respond("async parts", async function* () {});
    same(await ask("upper", "abc"), "ABC");
    same(await ask("later", "abc"), "abc, later");
    same(await ask("list", "x"), "not streamed");
    const parts = JSON.stringify(await room.control("session/ask?method=parts&text=n"));
    ok(parts.includes("n 1") && parts.includes("n 2"), parts);
    const end = it.respond("upper", (text) => `${text}!`);
    same(await ask("upper", "abc"), "abc!", "a later handler takes its place");
    end();
    const gone = JSON.stringify(await room.control("session/ask?method=upper&text=x"));
    ok(gone.includes("status 3"), gone);
  },

  "a handler that throws answers with an error and is reported; one of its own choice is not": async ({
    wire,
    openRoom,
    RequestError,
    takeUncaught,
  }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    await it.opened;
    it.respond("broken", () => {
      throw new Error("no way");
    });
    it.respond("refused", () => {
      throw new RequestError("not you", { status: 21, data: "because" });
    });
    const broken = JSON.stringify(await room.control("session/ask?method=broken&text=x"));
    ok(broken.includes('status 1"'), broken);
    const refused = JSON.stringify(await room.control("session/ask?method=refused&text=x"));
    ok(refused.includes("status 21"), refused);
    same(takeUncaught().map(String), ["Error: no way"]);
  },

  "what a handler's signal says: the server waits no more": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { codec: "text" });
    await it.opened;
    const aborted = new Promise((resolve) => {
      it.respond(
        "wait",
        (_, { signal }) =>
          new Promise((answer) => {
            signal.addEventListener("abort", () => (resolve(), answer("too late")));
          }),
      );
    });
    await room.control("session/ask?method=wait&text=x&ms=50");
    await aborted;
    same(await it.request("echo", "goes on"), "goes on");
  },

  "a request whose session is lost is in doubt": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), { reconnect: { delay: () => 0 } });
    const never = it.request("never");
    await it.request("echo", "it is under way");
    const [{ code, inDoubt }] = await Promise.all([
      refusal(never),
      room.control("session/restart?state=lost"),
    ]);
    same([code, inDoubt], ["session-lost", true]);
    same(await it.request("echo", "in the next session"), "in the next session");
  },
};
