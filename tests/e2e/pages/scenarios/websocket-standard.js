// The WebSockets standard, clause by clause (https://websockets.spec.whatwg.org/, sections by their numbers there), asked of
// the browser's own class and of ours with `{ maxRetries: 0, maxEnqueuedMessages: 0 }`, in the same page. What a clause
// finds must be what the standard says; where an engine itself says otherwise, `native` tells what it says, and is asserted too.
import { fail, same } from "../check.js";
import { engines } from "../engines.js";

const STRICT = { maxRetries: 0, maxEnqueuedMessages: 0 };
const Native = globalThis.WebSocket;

/** Everything that a socket tells, with what it says of itself at that moment; resolves at its close. */
function whole(socket) {
  const told = [];
  return new Promise((resolve) => {
    for (const type of ["open", "message", "error", "close"])
      socket.addEventListener(type, (event) => {
        const { code, reason, wasClean, data } = event;
        told.push([
          type,
          socket.readyState,
          ...(type === "close" ? [code, reason, wasClean] : [data]).filter(known),
        ]);
        if (type === "close") resolve(told);
      });
  });
}
const known = (value) => value !== undefined;

const event = (target, type) =>
  new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

async function opened(socket) {
  await Promise.race([event(socket, "open"), event(socket, "close").then(() => fail("It did not open."))]);
  return socket;
}

/** What it gives, or the name of what it throws. */
function outcome(run) {
  try {
    return run();
  } catch (error) {
    return `${error instanceof DOMException ? "DOMException " : ""}${error.name}`;
  }
}

const bytes = async (data) =>
  typeof data === "string"
    ? data
    : [data.constructor.name, ...new Uint8Array(await new Response(data).arrayBuffer())];

/** What comes back, in order, for what is sent. */
async function echoes(socket, sent) {
  const back = [];
  const all = new Promise((resolve) => {
    socket.onmessage = ({ data }) => back.push(data) === sent.length && resolve();
  });
  const given = sent.map((data) => socket.send(data));
  await all;
  return { given, back: await Promise.all(back.map(bytes)) };
}

/** What the server and the socket hear of these ways to close. */
async function closings({ make, openRoom }, ways) {
  const heard = [];
  for (const way of ways) {
    const room = await openRoom();
    const it = await opened(make(room.url()));
    const refused = outcome(() => it.close(...way));
    if (refused) {
      heard.push(refused);
      it.close();
      continue;
    }
    const { code, reason, wasClean } = await event(it, "close");
    const { lastClose } = await room.until("the close", ({ closed }) => closed === 1);
    heard.push([lastClose.code, lastClose.reason, code, reason, wasClean].join());
  }
  return heard;
}

const repeat = (text, times) => Array.from({ length: times }, () => text).join("");

const taken = (is) => (is ? "undefined" : "DOMException InvalidAccessError");

/** By title: what the standard says, how to find out, and which engines' own class says otherwise. */
const clauses = {
  "3.1: constants are on the class and on its prototype": {
    observe: ({ Class }) =>
      ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].flatMap((name) =>
        [Class, Class.prototype].map((owner) => Object.getOwnPropertyDescriptor(owner, name)),
      ),
    says: [0, 0, 1, 1, 2, 2, 3, 3].map((value) => ({
      value,
      writable: false,
      enumerable: true,
      configurable: false,
    })),
  },

  "3.1: the class is as Web IDL makes it": {
    observe: ({ Class }) => [
      Class.name,
      Class.length,
      Object.getPrototypeOf(Class) === EventTarget,
      Object.getPrototypeOf(Class.prototype) === EventTarget.prototype,
      Object.prototype.toString.call(Class.prototype),
      outcome(() => Class("ws://127.0.0.1:9/")),
      outcome(() => new Class()),
      outcome(() => Class.prototype.readyState),
    ],
    says: ["WebSocket", 1, true, true, "[object WebSocket]", "TypeError", "TypeError", "TypeError"],
  },

  "3.1: attributes and methods are the prototype's, and enumerable": {
    observe: ({ Class }) =>
      Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))
        .filter(
          ([name]) => Object.hasOwn(Native.prototype, name) && name !== "constructor" && !/^[A-Z]/.test(name),
        )
        .map(([name, { get, set, value, enumerable, configurable }]) =>
          [name, get?.name, set?.name, value?.name, value?.length, enumerable, configurable].join(),
        )
        .sort(),
    says: [
      ...["onclose", "onerror", "onmessage", "onopen", "binaryType"].map(
        (n) => `${n},get ${n},set ${n},,,true,true`,
      ),
      ...["url", "readyState", "bufferedAmount", "extensions", "protocol"].map(
        (n) => `${n},get ${n},,,,true,true`,
      ),
      "close,,,close,0,true,true",
      "send,,,send,1,true,true",
    ].sort(),
  },

  "3.1, constructor: the URL is read as a URL of the page, and http becomes ws": {
    observe: ({ make, room }) => {
      const here = room.url().replace(/\?.*/, "");
      const urls = [
        here,
        new URL(here),
        here.replace("ws:", "http:"),
        here.replace("ws:", "HTTP:"),
        ` ${here}\n`,
        here.replace("ws:", ""),
        "/ws?relative",
        "?",
        null,
        undefined,
        17,
      ];
      const gone = (url) => String(url).replace(/127\.0\.0\.1:\d+/, "HOST");
      return urls.map((url) => outcome(() => gone(discard(make(url)).url)));
    },
    says: [
      ...["ws://HOST/ws", "ws://HOST/ws", "ws://HOST/ws", "ws://HOST/ws", "ws://HOST/ws", "ws://HOST/ws"],
      ...[
        "ws://HOST/ws?relative",
        "ws://HOST/e2e/wire.html?",
        "ws://HOST/e2e/null",
        "ws://HOST/e2e/undefined",
      ],
      "ws://HOST/e2e/17",
    ],
  },

  "3.1, constructor: no text at all is the URL of the page": {
    observe: ({ make }) => outcome(() => new URL(discard(make("")).url).search),
    says: "?entry=websocket",
    native: { firefox: "DOMException SyntaxError" },
  },

  "3.1, constructor, 2-5: what is no URL of a WebSocket is a SyntaxError at once": {
    observe: ({ make }) =>
      ["ws://", "ftp://127.0.0.1/", "about:blank", "ws://127.0.0.1/#here", "ws://127.0.0.1/#", "ws://[1"].map(
        (url) => outcome(() => discard(make(url)).url),
      ),
    says: Array.from({ length: 6 }, () => "DOMException SyntaxError"),
  },

  "3.1, constructor: what cannot be converted is thrown as it is": {
    observe: ({ make }) => {
      const thrower = {
        toString() {
          throw new RangeError("mine");
        },
      };
      return [
        outcome(() => make(Symbol())),
        outcome(() => make(thrower)),
        outcome(() => make("ws://127.0.0.1:9/", Symbol())),
        outcome(() => make("ws://127.0.0.1:9/", [thrower])),
        outcome(() => make(thrower, ["a", "a"])),
      ];
    },
    says: ["TypeError", "RangeError", "TypeError", "RangeError", "RangeError"],
  },

  "3.1, constructor, 6-7: subprotocols are distinct tokens, or it is a SyntaxError": {
    observe: ({ make, room }) =>
      [
        undefined,
        [],
        "chat",
        ["chat"],
        ["a", "b"],
        ["a", "A"],
        new Set(["a", "b"]),
        null,
        17,
        [1, null],
        "!#$%&'*+-.^_`|~09azAZ",
        "",
        [""],
        ["a", "a"],
        "a b",
        "a,b",
        "a/b",
        "a=b",
        "a\tb",
        "a\u007f",
        "\u00e9",
        "(a)",
        '"a"',
        "a:b",
        ["fine", "@"],
      ].map((protocols) => outcome(() => typeof discard(make(room.url(), protocols)))),
    says: [
      ...Array.from({ length: 11 }, () => "object"),
      ...Array.from({ length: 14 }, () => "DOMException SyntaxError"),
    ],
  },

  "3.1: a new one is connecting, and nothing is known of it yet": {
    observe: ({ make, room }) => {
      const it = discard(make(room.url(), "chat"));
      const { bufferedAmount, extensions, protocol, binaryType, onopen, onmessage, onerror, onclose } = it;
      return [bufferedAmount, extensions, protocol, binaryType, onopen, onmessage, onerror, onclose];
    },
    says: [0, "", "", "blob", null, null, null, null],
  },

  "3.1, send, 1: while connecting it is an InvalidStateError, after the arguments are looked at": {
    observe: ({ make, room }) => {
      const it = make(room.url());
      const found = [
        it.readyState,
        outcome(() => it.send("early")),
        outcome(() => it.send()),
        outcome(() => it.send(Symbol())),
        it.bufferedAmount,
      ];
      discard(it);
      return found;
    },
    says: [0, "DOMException InvalidStateError", "TypeError", "TypeError", 0],
  },

  "4, established: open, and then extensions and subprotocol are known": {
    observe: async ({ make, room }) => {
      const it = make(room.url("protocol=two"), ["one", "two"]);
      const told = await event(it, "open");
      const { bubbles, cancelable, composed, target, constructor } = told;
      const found = [it.readyState, it.protocol, typeof it.extensions, it.url === room.url("protocol=two")];
      it.close();
      return [...found, constructor.name, bubbles, cancelable, composed, target === it];
    },
    says: [1, "two", "string", true, "Event", false, false, false, true],
  },

  "4, a message: a MessageEvent with the origin of the URL": {
    observe: async ({ make, room }) => {
      const it = make(room.url("say=hello"));
      const told = await event(it, "message");
      const { data, origin, lastEventId, source, ports, bubbles, cancelable, target } = told;
      it.close();
      const events = [told.constructor.name, told instanceof MessageEvent];
      return [
        data,
        origin === new URL(room.url()).origin,
        lastEventId,
        source,
        ports.length,
        bubbles,
        cancelable,
      ]
        .concat(events)
        .concat(target === it);
    },
    says: ["hello", true, "", null, 0, false, false, "MessageEvent", true, true],
  },

  "4, a message: binary is what binaryType says, in order with text": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      const sent = ["a", new Uint8Array([1, 2]), "b", new Uint8Array([]), "c", new Blob(["d"])];
      const blobs = await echoes(it, sent);
      it.binaryType = "arraybuffer";
      const buffers = await echoes(it, sent);
      it.binaryType = "blob";
      const again = await echoes(it, [new Uint8Array([3])]);
      it.close();
      return [blobs.back, buffers.back, again.back];
    },
    says: [
      ["a", ["Blob", 1, 2], "b", ["Blob"], "c", ["Blob", 100]],
      ["a", ["ArrayBuffer", 1, 2], "b", ["ArrayBuffer"], "c", ["ArrayBuffer", 100]],
      [["Blob", 3]],
    ],
  },

  "3.1, binaryType: any other value is ignored": {
    observe: ({ make, room }) => {
      const it = discard(make(room.url()));
      return ["arraybuffer", "Blob", "", null, undefined, {}, "blob", "nodebuffer"].map((type) => {
        it.binaryType = type;
        return it.binaryType;
      });
    },
    says: [...Array.from({ length: 6 }, () => "arraybuffer"), "blob", "blob"],
  },

  "3.1, send: text, Blobs, buffers and views are sent as they are, and anything else as text": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      it.binaryType = "arraybuffer";
      const buffer = new Uint8Array([0, 1, 2, 3, 4, 5]).buffer;
      const { given, back } = await echoes(it, [
        ...["", "text \u00e9\u20ac\u{1f600}", "lone \ud800 \udc00 surrogates"],
        ...[
          buffer,
          new Uint8Array(buffer, 1, 2),
          new DataView(buffer, 4),
          new Float32Array(0),
          new Uint16Array(buffer, 2, 1),
        ],
        ...[new Blob([buffer]), new File(["file"], "name"), new Blob([])],
        ...[17, null, undefined, true, { a: 1 }, ["a", "b"], { toString: () => "mine" }],
      ]);
      it.close();
      return [given.every((value) => value === undefined), back];
    },
    says: [
      true,
      [
        ...["", "text \u00e9\u20ac\u{1f600}", "lone \ufffd \ufffd surrogates"],
        ["ArrayBuffer", 0, 1, 2, 3, 4, 5],
        ["ArrayBuffer", 1, 2],
        ["ArrayBuffer", 4, 5],
        ["ArrayBuffer"],
        ["ArrayBuffer", 2, 3],
        ["ArrayBuffer", 0, 1, 2, 3, 4, 5],
        ["ArrayBuffer", 102, 105, 108, 101],
        ["ArrayBuffer"],
        ...["17", "null", "undefined", "true", "[object Object]", "a,b", "mine"],
      ],
    ],
  },

  "3.1, send: bytes are those of the moment, and of any realm": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      it.binaryType = "arraybuffer";
      const frame = document.body.appendChild(document.createElement("iframe"));
      const foreign = new frame.contentWindow.Uint8Array([7, 8]);
      const changing = new Uint8Array([1]);
      const all = echoes(it, [changing, foreign, foreign.buffer, new frame.contentWindow.Blob(["x"])]);
      changing[0] = 2;
      const { back } = await all;
      frame.remove();
      it.close();
      return back;
    },
    says: [
      ["ArrayBuffer", 1],
      ["ArrayBuffer", 7, 8],
      ["ArrayBuffer", 7, 8],
      ["ArrayBuffer", 120],
    ],
  },

  "3.1, bufferedAmount: the bytes of UTF-8 that were sent in this task, and none when they have left": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      const amounts = ["\u00e9\u20ac\u{1f600}", "\ud800", new Uint8Array(5), new Blob(["abc"]), ""].map(
        (data) => {
          it.send(data);
          return it.bufferedAmount;
        },
      );
      while (it.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve));
      it.close();
      return amounts;
    },
    says: [9, 12, 17, 20, 20],
  },

  "3.1, close, 1-2: code and reason are checked at once, by these names": {
    observe: ({ make, room }) => {
      const codes = [0, 999, 1001, 1005, 1006, 2999, 5000, 65_536 + 1000, -1, NaN, null, "x", {}];
      const bad = codes.map((code) => outcome(() => make(room.url()).close(code)));
      const good = [1000, 3000, 4999, "3000", 3000.4].map((code) =>
        outcome(() => String(make(room.url()).close(code))),
      );
      const reasons = [
        repeat("x", 123),
        repeat("x", 124),
        repeat("\u20ac", 41),
        repeat("\u20ac", 42),
        repeat("\ud800", 41),
      ]
        .concat([repeat("\ud800", 42), 17, null])
        .map((reason) => outcome(() => String(make(room.url()).close(1000, reason))));
      const others = [
        outcome(() => make(room.url()).close(999, repeat("x", 124))),
        outcome(() => make(room.url()).close(Symbol())),
        outcome(() => make(room.url()).close(1000, Symbol())),
        outcome(() => make(room.url()).close(999, Symbol())),
        outcome(() => make(room.url()).close(1n)),
      ];
      return [bad, good, reasons, others];
    },
    says: [
      Array.from({ length: 13 }, () => "DOMException InvalidAccessError"),
      Array.from({ length: 5 }, () => "undefined"),
      [
        ...["undefined", "DOMException SyntaxError", "undefined", "DOMException SyntaxError", "undefined"],
        ...["DOMException SyntaxError", "undefined", "undefined"],
      ],
      ["DOMException InvalidAccessError", "TypeError", "TypeError", "TypeError", "TypeError"],
    ],
  },

  "3.1, close: a code between two is the nearest one, and the even one in the middle": {
    observe: ({ make, room }) =>
      [999.5, 1000.5, 1000.6, 2999.5, 4999.4, 4999.5].map((code) =>
        outcome(() => String(make(room.url()).close(code))),
      ),
    says: [...[1, 1, 0, 1, 1, 0].map(taken)],
    native: { chromium: [0, 1, 1, 0, 1, 1].map(taken), webkit: [0, 1, 1, 0, 1, 1].map(taken) },
  },

  "3.1, close: the server hears code and reason": {
    observe: (page) =>
      closings(page, [[], [1000], [3000, "why"], [4999, repeat("\u00e9", 61)], [1000, "\ud800"]]),
    says: [
      "1005,,1005,,true",
      "1000,,1000,,true",
      "3000,why,3000,why,true",
      `4999,${repeat("\u00e9", 61)},4999,${repeat("\u00e9", 61)},true`,
      "1000,\ufffd,1000,\ufffd,true",
    ],
  },

  "3.1, close: a reason without a code has 1000, unless it is empty": {
    observe: (page) =>
      closings(page, [
        [undefined, ""],
        [undefined, "why"],
      ]),
    says: ["1005,,1005,,true", "1000,why,1000,why,true"],
    native: {
      chromium: ["DOMException InvalidAccessError", "DOMException InvalidAccessError"],
      firefox: ["1005,,1005,,true", "1005,,1005,,true"],
      webkit: ["1005,,1005,,true", "1005,,1005,,true"],
    },
  },

  "3.1, close: closing at once, closed with the event, and a second time changes nothing": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      const all = whole(it);
      const states = [it.readyState];
      it.close(4000, "first");
      states.push(it.readyState);
      it.close(4001, "second");
      it.close();
      states.push(
        it.readyState,
        outcome(() => it.close(17)),
      );
      const told = await all;
      it.close(4002);
      return [...states, it.readyState, told];
    },
    says: [1, 2, 2, "DOMException InvalidAccessError", 3, [["close", 3, 4000, "first", true]]],
  },

  "3.1, close: while connecting the connection fails, in a later task": {
    observe: async ({ make, room }) => {
      const it = make(room.url());
      const all = whole(it);
      it.close(4000, "too early");
      return [it.readyState, outcome(() => String(it.send("closing"))), await all, it.readyState];
    },
    says: [
      2,
      "undefined",
      [
        ["error", 3],
        ["close", 3, 1006, "", false],
      ],
      3,
    ],
  },

  "3.1, close: of a handshake that nobody answers": {
    observe: async ({ make, openRoom }) => {
      const room = await openRoom();
      const it = make(await room.urlAt("hang"));
      const all = whole(it);
      setTimeout(() => it.close());
      return all;
    },
    says: [
      ["error", 3],
      ["close", 3, 1006, "", false],
    ],
  },

  "3.1, send, 2: after close it is discarded, and bufferedAmount grows and does not shrink": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url()));
      it.close();
      const amounts = [];
      const send = (data) =>
        amounts.push(
          outcome(() => String(it.send(data))),
          it.bufferedAmount,
        );
      send("four");
      send(new Uint8Array(3));
      await event(it, "close");
      send("\u20ac");
      send(new Blob(["ab"]));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [...amounts, it.bufferedAmount];
    },
    says: ["undefined", 4, "undefined", 7, "undefined", 10, "undefined", 12, 12],
    // As if each still had its frame's head around it.
    native: { webkit: ["undefined", 10, "undefined", 19, "undefined", 28, "undefined", 36, 36] },
  },

  "4, a message that comes after close() is not told": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url("delay=30")));
      it.send("an echo");
      const all = whole(it);
      it.close();
      return all;
    },
    says: [["close", 3, 1005, "", true]],
  },

  "4, closed by the server: a CloseEvent with its code and reason, and no error": {
    observe: async ({ make, room }) => {
      const ends = [];
      for (const query of [
        "close=1000&reason=done",
        "close=1001",
        "close=4000&reason=%C3%A9",
        "close=1005",
        "close=1011&say=first",
      ])
        ends.push(await whole(make(room.url(query))));
      return ends;
    },
    says: [
      [
        ["open", 1],
        ["close", 3, 1000, "done", true],
      ],
      [
        ["open", 1],
        ["close", 3, 1001, "", true],
      ],
      [
        ["open", 1],
        ["close", 3, 4000, "\u00e9", true],
      ],
      [
        ["open", 1],
        ["close", 3, 1005, "", true],
      ],
      [
        ["open", 1],
        ["message", 1, "first"],
        ["close", 3, 1011, "", true],
      ],
    ],
  },

  "4, closed: the event is a CloseEvent": {
    observe: async ({ make, room }) => {
      const told = await event(make(room.url("close=4000")), "close");
      const { bubbles, cancelable, constructor } = told;
      return [constructor.name, told instanceof CloseEvent, bubbles, cancelable];
    },
    says: ["CloseEvent", true, false, false],
  },

  "4, failed: a handshake that is refused is an error and a close, and nobody learns why": {
    observe: async ({ make, openRoom }) => {
      const ends = [];
      for (const query of ["refuse=401", "refuse=503"]) {
        const room = await openRoom();
        ends.push(await whole(make(await room.urlAt("echo", query))));
      }
      const room = await openRoom();
      ends.push(await whole(make(await room.urlAt("refuse"))));
      return ends;
    },
    says: Array.from({ length: 3 }, () => [
      ["error", 3],
      ["close", 3, 1006, "", false],
    ]),
  },

  "4, failed: the error is an Event that tells nothing": {
    observe: async ({ make, room }) => {
      const it = make(room.url("refuse=401"));
      const told = await event(it, "error");
      return [told.constructor.name, told.bubbles, told.cancelable, told.target === it, "message" in told];
    },
    says: ["Event", false, false, true, false],
  },

  "4, failed: a broken connection is no clean close": {
    observe: async ({ make, openRoom }) => {
      const room = await openRoom();
      const it = await opened(make(await room.urlAt("echo")));
      const all = whole(it);
      await room.control("kill");
      return (await all).filter(([type]) => type !== "error");
    },
    says: [["close", 3, 1006, "", false]],
  },

  "4, failed: text that is no UTF-8 ends the connection": {
    observe: async ({ make, room }) => {
      const told = await whole(make(room.url("invalid")));
      return [told.at(-1).slice(0, 2), told.filter(([type]) => type === "message")];
    },
    says: [["close", 3], []],
  },

  "4, after the end protocol and extensions stay what they were": {
    observe: async ({ make, room }) => {
      const it = await opened(make(room.url(), "chat"));
      const extensions = it.extensions;
      it.close();
      await event(it, "close");
      return [it.protocol, it.extensions === extensions, it.url === room.url()];
    },
    says: ["chat", true, true],
  },

  "HTML 8.1.8.1, handlers: what is no object is null, and what cannot be called is kept": {
    observe: ({ make, room }) => {
      const it = discard(make(room.url()));
      const odd = { handleEvent: () => fail("must not be called") };
      return [5, "text", undefined, null, Symbol.iterator, true, odd].map((given) => {
        it.onmessage = () => {};
        it.onmessage = given;
        it.dispatchEvent(new MessageEvent("message"));
        return it.onmessage === odd ? "odd" : it.onmessage;
      });
    },
    says: [null, null, null, null, null, null, "odd"],
  },

  "HTML 8.1.8.1, handlers: one keeps its place among the listeners until it is null": {
    observe: ({ make, room }) => {
      const it = discard(make(room.url()));
      const order = [];
      const log = (name) =>
        function heard(event) {
          order.push(`${name}${this === it && event.currentTarget === it ? "" : "?"}`);
        };
      it.addEventListener("ping", log("other type"));
      it.addEventListener("message", log("1"));
      it.onmessage = log("a");
      it.addEventListener("message", log("2"), { once: true });
      it.onmessage = log("b");
      it.dispatchEvent(new Event("message"));
      it.onmessage = null;
      it.onmessage = log("c");
      it.addEventListener("message", log("3"));
      it.dispatchEvent(new Event("message"));
      it.onclose = () => false;
      const told = new Event("close", { cancelable: true });
      return [order.join(), it.dispatchEvent(told), told.defaultPrevented];
    },
    says: ["1,b,2,1,c,3", false, true],
  },

  "DOM 2.10: a listener that throws is reported, and stops nobody": {
    observe: async ({ make, room, takeUncaught }) => {
      const it = make(room.url("say=hello"));
      const heard = [];
      it.onopen = () => {
        throw new Error("mine");
      };
      it.addEventListener("open", () => heard.push("open"));
      it.onmessage = () => {
        throw new Error("mine too");
      };
      await event(it, "message");
      const closed = event(it, "close");
      it.close();
      await closed;
      return [heard, takeUncaught().map(String)];
    },
    says: [["open"], ["Error: mine", "Error: mine too"]],
  },

  "a listener that closes hears no more messages, and one that sends is in order": {
    observe: async ({ make, room }) => {
      const it = make(room.url("say=a&say=b&say=c"));
      const heard = [];
      it.onopen = () => it.send("1");
      it.onmessage = ({ data }) => {
        heard.push(data, it.readyState);
        if (data === "a") it.send("2");
        if (data === "1") it.send("3");
        if (data === "3") {
          it.close();
          heard.push(it.readyState);
        }
      };
      await event(it, "close");
      return heard;
    },
    says: ["a", 1, "b", 1, "c", 1, "1", 1, "2", 1, "3", 1, 2],
  },

  "4, many of them, at once": {
    observe: async ({ make, room }) => {
      const ends = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const it = await opened(make(room.url()));
          const { back } = await echoes(it, [`${i}`]);
          it.close(4000, back[0]);
          return (await event(it, "close")).reason;
        }),
      );
      return ends.join();
    },
    says: Array.from({ length: 20 }, (_, i) => i).join(),
  },
};

/** Of one that was only to be looked at. */
function discard(socket) {
  socket.close();
  return socket;
}

export const scenarios = Object.fromEntries(
  Object.entries(clauses).map(([title, { observe, says, native = {} }]) => [
    title,
    async (page) => {
      const name = Object.keys(engines).find((name) => engines[name] === page.engine);
      const ask = async (Class, make) => observe({ ...page, Class, make, room: await page.openRoom() });
      const Ours = page.WebSocket;
      const found = {
        theirs: await ask(Native, (...args) => new Native(...args)),
        ours: await ask(Ours, (url, protocols) => new Ours(url, protocols, STRICT)),
      };
      same(found.theirs, native[name] ?? says, "the browser's own");
      same(found.ours, says, "ours");
    },
  ]),
);
