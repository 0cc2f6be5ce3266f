// Each way to show a token: the right one, a wrong one, one that expires and is renewed.
import { messages, next, ok, record, same } from "../check.js";

const SOON = { baseDelay: 20, factor: 1 };
const isWelcome = (message) => message === "welcome";

/** How a wire shows what `token()` gives, asked anew at every attempt. */
const WAYS = {
  query: (room, token) => [
    async (attempt) => room.url(`token_in=query&auth=${encodeURIComponent(await token(attempt))}`),
    {},
  ],
  cookie: (room, token) => [
    async (attempt) => {
      await logIn(await token(attempt));
      return room.url("token_in=cookie");
    },
    {},
  ],
  subprotocol: (room, token) => [
    room.url("token_in=subprotocol"),
    { protocols: async (attempt) => ["chat", `token.${await token(attempt)}`] },
  ],
  message: (room, token) => [
    room.url("token_in=message"),
    { isWelcome, greet: async ({ sendRaw, attempt }) => sendRaw(await token({ attempt })) },
  ],
};

export const scenarios = {};

for (const [way, show] of Object.entries(WAYS)) {
  scenarios[`by ${way}, the right token gets in, and no statistic tells it`] = async ({ wire, openRoom }) => {
    const room = await openRoom();
    const token = await room.issue();
    const [url, options] = show(room, () => token);
    const it = wire(url, { codec: "text", ...options });
    it.send("inside");
    same((await messages(it, way === "message" ? 2 : 1)).at(-1), "inside");
    ok(!it.protocol.includes(token), "the token is not what was chosen");
    const stats = await room.stats();
    same(stats.received, ["inside"]);
    ok(!JSON.stringify(stats).includes(token), "nobody is told the token");
  };

  scenarios[`by ${way}, an expired token ends the link, and the wire returns with a new one`] = async ({
    wire,
    openRoom,
  }) => {
    const room = await openRoom();
    const tokens = [await room.issue(), await room.issue()];
    const asked = [];
    const [url, options] = show(room, ({ attempt, reason }) => {
      asked.push([attempt, reason]);
      return tokens[asked.length - 1];
    });
    const shouldReconnect = ({ code }) => code === 4401;
    const it = wire(url, { codec: "text", reconnect: { ...SOON, shouldReconnect }, ...options });
    await it.opened;
    const closed = next(it, "close");
    await room.control(`revoke?token=${tokens[0]}`);
    const { code, reason, cause, last } = await closed;
    same([code, reason, cause, last], [4401, "token expired", "ServerClosed", false]);
    it.send("renewed");
    same((await messages(it, way === "message" ? 2 : 1)).at(-1), "renewed");
    // The greeting is not told the reason.
    const told = way === "message" ? undefined : "ServerClosed";
    same(asked, [
      [1, way === "message" ? undefined : "Started"],
      [2, told],
    ]);
    same((await room.stats()).opened, 2);
  };
}

for (const way of ["query", "cookie", "subprotocol"]) {
  scenarios[`by ${way}, a wrong token looks like any failed dial, and is retried until it is right`] =
    async ({ wire, openRoom }) => {
      const room = await openRoom();
      const right = await room.issue();
      const [url, options] = WAYS[way](room, ({ attempt }) => (attempt < 3 ? `wrong${attempt}` : right));
      const it = wire(url, { codec: "text", reconnect: SOON, ...options });
      const failures = [];
      it.addEventListener("error", ({ error }) => failures.push([error.code, error.close.code]));
      await it.opened;
      same(failures, [
        ["DialFailed", 1006],
        ["DialFailed", 1006],
      ]);
      const { refused, opened } = await room.stats();
      same([refused, opened], [2, 1], "401 twice, which no page is told");
    };
}

scenarios["by message, a wrong token is final, says so, and gives back every send"] = async ({
  wire,
  openRoom,
}) => {
  const room = await openRoom();
  await room.issue();
  const [url, options] = WAYS.message(room, () => "wrong");
  const it = wire(url, { codec: "text", ...options });
  const waits = it.send("secret plans");
  const { code, reason, cause, last } = await it.closed;
  same([code, reason, cause, last], [4401, "token", "ServerClosed", true]);
  same(await waits.settled, { outcome: "not-sent", reason: "closed", message: "secret plans" });
  same((await room.stats()).received, []);
};

scenarios["an expired token is final unless the application says otherwise; reconnect() asks for another"] =
  async ({ wire, openRoom }) => {
    const room = await openRoom();
    const tokens = [await room.issue("ms=1500"), await room.issue()];
    const asked = [];
    const [url] = WAYS.query(room, ({ reason }) => tokens[asked.push(reason) - 1]);
    const it = wire(url, { codec: "text", reconnect: SOON });
    await it.opened;
    const { code, reason, cause, last } = await it.closed;
    same([code, reason, cause, last], [4401, "token expired", "ServerClosed", true]);
    it.reconnect();
    await it.ready();
    same(asked, ["Started", "Requested"]);
  };

scenarios["a server that closes with 3000 for an expired token needs no word of the application"] = async ({
  wire,
  openRoom,
}) => {
  const room = await openRoom();
  const tokens = [await room.issue(), await room.issue()];
  let asked = 0;
  const it = wire(async () => room.url(`expired=3000&token_in=query&auth=${tokens[asked++]}`), {
    reconnect: SOON,
  });
  await it.opened;
  const states = record(it, "close", "open");
  const back = next(it, "open");
  await room.control(`revoke?token=${tokens[0]}`);
  await back;
  same(states, [
    ["close", "ServerClosed"],
    ["open", ""],
  ]);
};

async function logIn(token) {
  const response = await fetch(`/login?token=${token}`, { method: "GET" });
  ok(response.ok, "the cookie is set");
}
