// The binary codecs over a wire, to the peer and back.
import { messages, next, ok, same } from "../check.js";

const message = {
  type: "order",
  at: new Date(1_763_800_000_123),
  id: 2n ** 60n,
  count: 5,
  price: 1.0625,
  bytes: Uint8Array.of(0, 1, 255),
  text: "für 5 € 🙂",
  none: null,
  list: [true, false, -1, NaN],
};

export const scenarios = {
  "MessagePack comes back through the peer with its types": (page) => echo(page, "msgpack"),
  "CBOR comes back through the peer with its types": (page) => echo(page, "cbor"),
  "what is no MessagePack is told with the raw message, and the wire goes on": (page) =>
    undecodable(page, "msgpack", Uint8Array.of(0xc1)),
  "what is no CBOR is told with the raw message, and the wire goes on": (page) =>
    undecodable(page, "cbor", Uint8Array.of(0xff)),
  "what cannot be encoded is thrown by send, with the message": async ({ wire }) => {
    const { msgpack } = await import("/pkg/msgpack.js");
    const it = wire(() => new Promise(() => {}), { codec: msgpack });
    const wrong = { field: () => 1 };
    try {
      it.send(wrong);
      ok(false, "it must throw");
    } catch (error) {
      same([error.code, error.data === wrong], ["InvalidMessage", true]);
    }
    same(it.queued, 0);
  },
};

async function echo({ wire, openRoom }, name) {
  const { [name]: codec } = await import(`/pkg/${name}.js`);
  const room = await openRoom();
  const it = wire(room.url(), { codec });
  const typed = new Promise((resolve) => it.on("order", resolve));
  // Queued first, and then past the queue.
  it.send(message);
  const back = await typed;
  ok(back.at instanceof Date && back.at.getTime() === message.at.getTime(), "a Date");
  ok(back.bytes instanceof Uint8Array, "bytes");
  same(typeof back.id, "bigint");
  same(back, message);
  const again = messages(it, 1);
  it.send(message);
  same((await again)[0], message);
}

async function undecodable({ wire, openRoom }, name, wrong) {
  const { [name]: codec } = await import(`/pkg/${name}.js`);
  const room = await openRoom();
  const it = wire(room.url(), { codec, greet: ({ sendRaw }) => (sendRaw(wrong), sendRaw("text")) });
  const first = await next(it, "error");
  same([first.error.code, new Uint8Array(first.error.data)], ["Undecodable", wrong]);
  const second = await next(it, "error");
  same([second.error.code, second.error.data], ["Undecodable", "text"]);
  const goes = messages(it, 1);
  it.send([1]);
  same(await goes, [[1]]);
}
