// Every option wrong once.
import { matches, ok, same, thrown } from "../check.js";

const NUMBERS = {
  "reconnect.baseDelay": [0, 86_400_000],
  "reconnect.factor": [1, 100],
  "reconnect.maxDelay": [0, 86_400_000],
  "reconnect.maxAttempts": [1, 4_294_967_295, Infinity],
  "reconnect.connectTimeout": [1, 86_400_000],
  "reconnect.stableAfter": [0, 86_400_000],
  "heartbeat.interval": [10, 86_400_000],
  "heartbeat.timeout": [10, 86_400_000],
  idleTimeout: [10, 86_400_000, Infinity],
  closeTimeout: [0, 86_400_000],
  "queue.maxMessages": [0, 1_000_000],
  "queue.maxBytes": [0, 4_294_967_295],
  "queue.ttl": [0, 31_536_000_000, Infinity],
  highWaterMark: [0, 4_294_967_295],
  "inbox.maxMessages": [1, 4_294_967_295],
  "inbox.maxBytes": [1, 4_294_967_295],
};

const OTHERS = [
  ["reconnect", 5, "an object", "5"],
  ["heartbeat", "ping", "an object", '"ping"'],
  ["queue", null, "an object", "null"],
  ["inbox", 1, "an object", "1"],
  ["reconnect.delay", 250, "a function", "250"],
  ["reconnect.shouldReconnect", true, "a function", "true"],
  ["heartbeat.isPong", "pong", "a function", '"pong"'],
  ["greet", {}, "a function", "an object"],
  ["isWelcome", "welcome", "a function", '"welcome"'],
  ["WebSocket", "ws", "a function", '"ws"'],
  ["queue.overflow", "drop", '"reject" or "drop-oldest" or "drop-newest"', '"drop"'],
  ["codec", "msgpack", "json, text, bytes, blob, raw, or an object with encode and decode", '"msgpack"'],
  [
    "codec",
    { encode() {} },
    "json, text, bytes, blob, raw, or an object with encode and decode",
    "an object",
  ],
  ["codec", null, "json, text, bytes, blob, raw, or an object with encode and decode", "null"],
  ["discriminant", 7, "a string", "7"],
  ["signal", {}, "an AbortSignal", "an object"],
];

export const scenarios = {
  "what is no URL is refused, with what is": async (page) => {
    for (const [url, given] of [
      [undefined, "undefined"],
      [null, "null"],
      [[], "an object"],
      [["ws://127.0.0.1:9/", undefined], "an object"],
      [9, "9"],
    ]) {
      same(
        await refused(page, url, {}),
        `url must be a string, a URL, a list of them or a function; given: ${given}.`,
      );
    }
  },

  "a number outside its range is named, with what is allowed": async (page) => {
    for (const [name, [min, max, unlimited]] of Object.entries(NUMBERS)) {
      for (const given of [min - 1, max * 2, -Infinity]) {
        const text = await refusal(page, withOption(name, given));
        matches(text, new RegExp(`^${name} must be a number from ${min} to ${max}`), name);
        same(text.includes("or Infinity"), unlimited !== undefined, name);
        matches(text, /; given: -?[\w.]+\.$/, name);
      }
      if (!unlimited) await refusal(page, withOption(name, Infinity));
      for (const given of [NaN, "5", null, 5n]) {
        matches(await refusal(page, withOption(name, given)), new RegExp(`^${name} must be a number`), name);
      }
    }
  },

  "every number at its bounds is taken": async ({ Wire }) => {
    for (const [name, allowed] of Object.entries(NUMBERS)) {
      for (const given of allowed) new Wire(() => new Promise(() => {}), withOption(name, given)).close();
    }
  },

  "any other option is named, with what was given and what is allowed": async (page) => {
    for (const [name, given, allowed, shown] of OTHERS) {
      same(await refusal(page, withOption(name, given)), `${name} must be ${allowed}; given: ${shown}.`);
    }
    same(
      await refusal(page, { heartbeat: { interval: 1_000 } }),
      "heartbeat.ping must be what a ping looks like: text, bytes, a message or a function; given: undefined.",
    );
    same(await refusal(page, 7), "options must be an object; given: 7.");
  },

  "an option that does not exist is named, with those that do": async (page) => {
    for (const [options, name] of [
      [{ reconect: {} }, "reconect"],
      [{ reconnect: { jitter: 1 } }, "reconnect.jitter"],
      [{ queue: { lanes: 1 } }, "queue.lanes"],
    ]) {
      matches(
        await refusal(page, options),
        RegExp(`^There is no option ${name}\\. There are: WebSocket, .*reconnect\\.baseDelay, `),
      );
    }
  },

  "an option left undefined is an option left out": async ({ Wire }) => {
    const options = {
      protocols: undefined,
      codec: undefined,
      reconnect: { baseDelay: undefined },
      heartbeat: undefined,
      signal: undefined,
    };
    new Wire(() => new Promise(() => {}), options).close();
  },
};

const refusal = (page, options) => refused(page, "ws://127.0.0.1:9/", options);

async function refused({ Wire, WireError }, url, options) {
  const error = await thrown(() => new Wire(url, options), "it must be refused");
  ok(error instanceof WireError && error instanceof Error, `a WireError, not ${error}`);
  same(error.code, "InvalidOption");
  return error.message;
}

function withOption(name, value) {
  const [group, inner] = name.split(".");
  const ping = group === "heartbeat" && inner ? { ping: "ping" } : {};
  return { [group]: inner ? { ...ping, [inner]: value } : value };
}
