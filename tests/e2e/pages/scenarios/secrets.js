// Whatever a wire gives, says or logs is searched for the tokens it was given.
import { next, ok, same, task } from "../check.js";

const TOKEN = "hunter2-t0ken";
const SOON = { baseDelay: 20, factor: 1 };

export const scenarios = {
  "nothing that a wire gives, says or logs tells a token": async ({
    wire: make,
    openRoom,
    takeUncaught,
    WireError,
  }) => {
    const { log, measure } = await import("/pkg/debug.js");
    const room = await openRoom();
    const { seen, console: restore } = overhear();
    localStorage.setItem("everwire:debug", "1");
    const wire = (...args) => {
      const it = make(...args);
      const dispatch = it.dispatchEvent;
      it.dispatchEvent = (event) => (seen.push(event), dispatch.call(it, event));
      log(it, { to: (entry) => seen.push(entry) });
      log(it);
      measure(it);
      seen.push(it);
      return it;
    };
    const failed = (it) => next(it, "error");

    const byQuery = wire(room.url(`token=${TOKEN}&auth=${TOKEN}`), { reconnect: SOON });
    await byQuery.opened;
    const returned = next(byQuery, "open");
    await room.control("close?code=1012");
    await returned;
    const refused = wire(room.url(`token=${TOKEN}&auth=${TOKEN}x`), { reconnect: SOON });
    await failed(refused);
    const byUserInfo = wire(room.url().replace("ws://", `ws://${TOKEN}:${TOKEN}@`));
    await Promise.race([byUserInfo.opened, failed(byUserInfo)]);
    const protocols = ["chat", `token.${TOKEN}`];
    const bySubprotocol = wire(room.url(`token=${TOKEN}&token_in=subprotocol`), { protocols });
    await bySubprotocol.opened;
    await failed(wire(room.url(`token=${TOKEN}&token_in=subprotocol`), { protocols: [`token.${TOKEN}x`] }));

    for (const url of [
      `ws://127.0.0.1:99999/?auth=${TOKEN}`,
      `ws://user:${TOKEN}@127.0.0.1:99999/`,
      `ftp://127.0.0.1/?auth=${TOKEN}`,
      `http://?auth=${TOKEN}`,
    ]) {
      wire(url);
      same((await failed(wire(async () => url))).error.code, "InvalidUrl");
    }
    wire(room.url(), { protocols: [`token ${TOKEN}`] });
    same(
      (await failed(wire(room.url(), { protocols: async () => `token ${TOKEN}` }))).error.code,
      "InvalidProtocols",
    );
    for (const wrong of [
      [[`ws://127.0.0.1/?auth=${TOKEN}`]],
      { toString: () => `ws://127.0.0.1/?auth=${TOKEN}` },
    ])
      same((await failed(wire(async () => wrong, { reconnect: SOON }))).error.code, "ProviderFailed");

    const greeting = wire(room.url(`token=${TOKEN}&token_in=message`), {
      codec: "text",
      reconnect: SOON,
      isWelcome: (message) => message === "welcome",
      greet: ({ sendRaw }) => sendRaw(TOKEN),
    });
    await greeting.opened;
    const late = await failed(
      wire(room.url("drop"), {
        reconnect: SOON,
        greet: async ({ sendRaw, signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          sendRaw(TOKEN);
        },
      }),
    );
    seen.push(late);
    let greetings = 0;
    let thrown;
    const dead = wire(room.url(), {
      reconnect: SOON,
      greet: async ({ sendRaw }) => {
        if (++greetings > 1) return;
        dead.reconnect();
        await task();
        try {
          sendRaw(TOKEN);
        } catch (error) {
          throw (thrown = error);
        }
      },
    });
    await dead.opened;
    while (!thrown) await task();
    ok(thrown instanceof WireError && thrown.code === "GreetingFailed", "a greeting on a link that is gone");
    seen.push(thrown);
    const unencodable = await failed(
      wire(room.url(), { reconnect: SOON, greet: ({ send }) => send({ token: TOKEN, big: 1n }) }),
    );
    same([unencodable.error.code, unencodable.error.cause.code], ["GreetingFailed", "InvalidMessage"]);

    const token = await room.issue();
    const expired = wire(room.url(`token_in=query&auth=${token}`));
    await expired.opened;
    await room.control("revoke");
    seen.push(await expired.closed);

    seen.push(...performance.getEntriesByType("measure"), ...takeUncaught());
    restore();
    localStorage.removeItem("everwire:debug");
    const told = [...texts(seen)];
    ok(told.length > 500, `a search of ${told.length} texts`);
    same(
      told.filter((text) => text.includes(TOKEN) || text.includes(token)),
      [],
    );
    const finds = (value) => [...texts(value)].some((text) => text.includes(TOKEN));
    ok(
      finds({ deep: [new Error("", { cause: new Error(TOKEN) })] }) && finds({ toString: () => TOKEN }),
      "a search that finds",
    );
  },
};

/** What goes to the console from now on is seen too, and nobody is bothered by it. */
function overhear() {
  const seen = [];
  const own = { ...console };
  for (const name of ["debug", "log", "info", "warn", "error"])
    console[name] = (...args) => void seen.push(args);
  return { seen, console: () => Object.assign(console, own) };
}

/** Every text in a value: what it is as a string and as JSON, and every property at any depth, getters included. */
function* texts(value, known = new Set()) {
  if (typeof value !== "object" && typeof value !== "function") return void (yield String(value));
  if (value === null || known.has(value) || value === globalThis || value instanceof Node) return;
  known.add(value);
  for (const written of [String, JSON.stringify]) {
    try {
      yield written(value) ?? "";
    } catch {
      // What cannot be written is in nobody's log.
    }
  }
  for (let owner = value; owner && owner !== Object.prototype && owner !== Function.prototype;) {
    for (const key of Reflect.ownKeys(owner)) {
      yield String(key);
      let inner;
      try {
        inner = value[key];
      } catch {
        continue;
      }
      // Methods of a class are no data; those of the value itself may be.
      if (typeof inner !== "function" || owner === value) yield* texts(inner, known);
      if (inner instanceof Promise) inner.catch(() => {});
    }
    owner = Object.getPrototypeOf(owner);
  }
}
