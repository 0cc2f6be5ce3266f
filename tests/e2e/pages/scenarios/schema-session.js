// Messages that are checked by schemas, in sessions.
import { messages, next, ok, record, same, thrown } from "../check.js";

const load = async () => ({ ...(await import("/pkg/schema.js")), ...(await import("/bundled/schemas.js")) });
const TRADE = { type: "trade", id: 7 };

export const scenarios = {
  "a message that does not fit counts as accepted: it is told once, and what follows arrives": async ({
    wire,
    openRoom,
  }) => {
    const { validated, libraries } = await load();
    const room = await openRoom();
    for (const manualAck of [false, true]) {
      const it = wire(room.url(), {
        codec: validated({ receive: libraries.zod.receive }),
        manualAck,
        reconnect: { delay: () => 0 },
      });
      it.on((_, { ack }) => ack?.());
      const told = record(it, "error", "message");
      const both = messages(it, 2);
      for (const message of [TRADE, { type: "order" }, TRADE]) it.send(message);
      same(await both, [TRADE, TRADE]);
      const back = next(it, "session", ({ resumed }) => resumed);
      await room.control("kill");
      await back;
      it.send(TRADE);
      await messages(it, 1);
      same(told, [
        ["message", TRADE],
        ["error", "Undecodable"],
        ["message", TRADE],
        ["message", TRADE],
      ]);
      it.close();
    }
  },

  "what does not fit is not sent": async ({ wire, openRoom }) => {
    const { validated, libraries } = await load();
    const room = await openRoom();
    const it = wire(room.url(), { codec: validated({ send: libraries.valibot.send }) });
    const error = await thrown(() => it.send({ type: "watch" }));
    same([error.code, error.cause.name], ["InvalidMessage", "SchemaError"]);
    same((await thrown(() => it.volatile({ type: "watch" }))).code, "InvalidMessage");
    same([it.queued, it.inFlight], [0, 0]);
    it.send({ type: "watch", symbol: "EUR" });
    same(await messages(it, 1), [{ type: "watch", symbol: "EUR", depth: 5 }]);
  },

  "requests, answers and what is on channels are no messages of the wire's, and are not checked": async ({
    wire,
    openRoom,
  }) => {
    const { validated, libraries } = await load();
    const room = await openRoom();
    const { receive, send } = libraries.arktype;
    const it = wire(room.url(), { codec: validated({ receive, send }) });
    same(await it.request("echo", { any: ["thing"] }), { any: ["thing"] });
    const channel = it.channel("room", { since: 1 });
    await channel.opened;
    const heard = new Promise((resolve) => channel.on(resolve));
    channel.send("free text");
    same(await heard, "free text");
    const volatile = new Promise((resolve) => channel.on(resolve));
    ok(channel.volatile(17), "it is sent");
    same(await volatile, 17);
    same((await thrown(() => it.send("free text"))).code, "InvalidMessage");
  },
};
