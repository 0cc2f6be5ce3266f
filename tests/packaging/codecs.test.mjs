// The binary codecs: what comes back as what, that other libraries understand them, and that no message does harm.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import * as theirMsgpack from "@msgpack/msgpack";
import * as theirCbor from "cborg";
import { cbor, cborWith } from "../../pkg/cbor.js";
import { msgpack, msgpackWith } from "../../pkg/msgpack.js";

const hex = (text) =>
  Uint8Array.from(text.replaceAll(" ", "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
const bytes = (length) => Uint8Array.from({ length }, (_, i) => i);
const nested = (depth) => Array.from({ length: depth }).reduce((inner) => [inner], 1);

/** What both codecs give back as it was. */
const SAME = {
  null: null,
  booleans: [true, false],
  "integers at every bound": [
    0,
    7,
    8,
    15,
    16,
    23,
    24,
    31,
    32,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
  ],
  "negative ones": [
    -1,
    -24,
    -25,
    -32,
    -33,
    -128,
    -129,
    -256,
    -257,
    -32_768,
    -32_769,
    -(2 ** 31),
    -(2 ** 31) - 1,
    -(2 ** 32),
  ],
  "the largest exact ones": [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  fractions: [0.5, -1.1, Math.PI, 1e300, 5e-324, 1e21, Number.MAX_VALUE],
  "what JSON cannot say": [NaN, Infinity, -Infinity, -0],
  "bigints that no number holds": [2n ** 53n, 2n ** 64n - 1n, -(2n ** 63n)],
  "text of every length of head": [
    "",
    "a",
    "a".repeat(31),
    "a".repeat(32),
    "a".repeat(255),
    "a".repeat(256),
    "a".repeat(70_000),
  ],
  "text that is not ASCII": [
    "é",
    "€".repeat(10),
    "😀".repeat(8),
    "ä".repeat(127),
    "ä".repeat(128),
    "ä".repeat(33_000),
    "\0",
    "\ufeffx",
  ],
  "lists of every length of head": [
    [],
    Array(15).fill(1),
    Array(16).fill(1),
    Array(24).fill(1),
    Array(70_000).fill(1),
  ],
  "objects of every length of head": [0, 15, 16, 24, 300, 70_000].map((count) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])),
  ),
  "bytes of every length of head": [0, 23, 24, 255, 256, 70_000].map(bytes),
  dates: [
    new Date(0),
    new Date(1_763_800_000_123),
    new Date(-1),
    new Date(-62_135_596_800_000),
    new Date(8.64e15),
  ],
  "a deep one": nested(500),
  "keys that are special": JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3,"":4}'),
};

/** What comes back as something else, by codec. */
const OTHERWISE = [
  ["a small bigint is a number", 5n, 5, 5],
  ["undefined in a list", [undefined], [null], [undefined]],
  ["an undefined property is left out", { a: undefined, b: 1 }, { b: 1 }, { b: 1 }],
  ["a Map with keys of text is an object", new Map([["a", 1]]), { a: 1 }, { a: 1 }],
  ["keys that are numbers are text", new Map([[1, 2]]), { 1: 2 }, { 1: 2 }],
  [
    "buffers and views are bytes",
    [new Uint16Array([1]), new ArrayBuffer(1)],
    [bytes(2).reverse(), bytes(1)],
    [bytes(2).reverse(), bytes(1)],
  ],
  ["a lone surrogate is replaced", "\ud800", "\ufffd", "\ufffd"],
];

for (const [name, codec, withOptions, theirs] of [
  ["msgpack", msgpack, msgpackWith, theirMsgpack],
  ["cbor", cbor, cborWith, theirCbor],
]) {
  const back = (value, by = codec) => by.decode(Uint8Array.from(by.encode(value)));

  describe(`everwire/${name}`, () => {
    for (const [what, value] of Object.entries(SAME))
      it(`gives back as it was: ${what}`, () => assert.deepStrictEqual(back(value), value));

    for (const [what, value, inMsgpack, inCbor] of OTHERWISE) {
      it(what, () => assert.deepStrictEqual(back(value), name === "cbor" ? inCbor : inMsgpack));
    }

    it("gives back as Maps what was a Map, if asked to", () => {
      const map = new Map([
        [1, "one"],
        [true, [new Map()]],
        ["text", null],
      ]);
      assert.deepStrictEqual(back(map, withOptions({ maps: true })), map);
      assert.throws(
        () => back(map),
        /A key is neither text nor a number but boolean\. The option maps gives Maps\./,
      );
    });

    it("refuses what it could not give back", () => {
      for (const value of [() => 1, Symbol("s"), new Set([1]), /a/, Promise.resolve(), new Date(NaN)]) {
        assert.throws(() => codec.encode({ value }), /cannot be encoded/, String(value));
      }
      const cycle = [];
      cycle.push(cycle);
      assert.throws(() => codec.encode(cycle), /deeper than 512/);
    });

    it("is understood by another library, and understands it", () => {
      const dice = roller(1);
      for (let i = 0; i < 2_000; i++) {
        const value = anything(dice, 4);
        assert.deepStrictEqual(theirs.decode(codec.encode(value)), value);
        assert.deepStrictEqual(codec.decode(Uint8Array.from(theirs.encode(value))), value);
      }
    });

    it("compiles no strings, so a strict Content-Security-Policy takes it", () => {
      const code = readFileSync(new URL(`../../pkg/${name}.js`, import.meta.url), "utf8");
      assert.doesNotMatch(code, /\bFunction\(|\beval\(/);
    });

    it("refuses text, nothing, and what is left behind a message", () => {
      assert.throws(() => codec.decode("{}"), /A text message arrived/);
      assert.throws(() => codec.decode(new Uint8Array()), /ends after 0 bytes/);
      assert.throws(() => codec.decode(Uint8Array.of(1, 1)), /1 bytes are left behind/);
    });

    it("refuses every message that was cut short", () => {
      const whole = codec.encode({
        list: [1, -300, 1.5, "text", bytes(40)],
        at: new Date(1),
        more: { a: null },
      });
      for (let end = 0; end < whole.length; end++)
        assert.throws(() => codec.decode(whole.slice(0, end)), RangeError);
    });

    it("refuses text that is no UTF-8", () => {
      const broken = codec.encode("x".repeat(30));
      broken[broken.length - 1] = 0xff;
      assert.throws(() => codec.decode(broken), TypeError);
      const short = codec.encode("xy");
      short[short.length - 1] = 0xc3;
      assert.throws(() => codec.decode(short), TypeError);
    });

    it("makes no room for what a head only claims", () => {
      const claims =
        name === "cbor"
          ? ["9affffff00", "9bffffffffffffffff", "baffffff00", "5affffffff", "7bffffffffffffffff"]
          : ["ddffffff00", "dfffffff00", "c6ffffffff", "dbffffffff", "c9ffffffff01"];
      for (const claim of claims) {
        assert.throws(() => codec.decode(hex(claim)), RangeError, claim);
        // Each within the one before, and each claiming as much as is left.
        const bomb = new Uint8Array(1_000_000);
        const [head] = hex(claim);
        for (let i = 0; i < bomb.length; i += 5) {
          new DataView(bomb.buffer).setUint32(
            i + 1 <= bomb.length - 4 ? i + 1 : 0,
            (bomb.length - i - 5) >> 1,
          );
          bomb[i] = head;
        }
        const before = process.memoryUsage().rss;
        assert.throws(() => codec.decode(bomb), Error);
        assert.ok(process.memoryUsage().rss - before < 100_000_000, "memory");
      }
    });

    it("refuses a message that nests deeper than 512 levels", () => {
      const [list, map] = name === "cbor" ? [0x81, 0xa1] : [0x91, 0x81];
      for (const byte of name === "cbor" ? [list, map, 0xc1, 0x9f, 0xbf] : [list, map]) {
        assert.throws(
          () => codec.decode(new Uint8Array(1_000_000).fill(byte)),
          /deeper than 512|neither text nor/,
        );
      }
      assert.throws(() => codec.encode(nested(513)), /deeper than 512/);
      assert.throws(() => codec.decode(Uint8Array.of(...Array(513).fill(list), 1)), /deeper than 512/);
    });

    it("lets no message pollute a prototype", () => {
      const evil = back(JSON.parse('{"__proto__":{"polluted":true}}'));
      assert.equal(evil.polluted, undefined);
      assert.equal({}.polluted, undefined);
    });

    it("ends soon with a value or an error, whatever arrives", () => {
      const dice = roller(2);
      const sample = codec.encode({
        a: [1, 2.5, "text", bytes(20), new Date(5)],
        b: { c: null, d: 2n ** 60n },
        e: "é".repeat(30),
      });
      let decoded = 0;
      const started = performance.now();
      for (let i = 0; i < 40_000; i++) {
        const message =
          i % 2 ? Uint8Array.from(sample) : Uint8Array.from({ length: dice(64) }, () => dice(256));
        for (let n = dice(6); n >= 0 && message.length > 0; n--) message[dice(message.length)] = dice(256);
        try {
          codec.decode(message);
          decoded++;
        } catch (error) {
          assert.ok(
            error instanceof RangeError || error instanceof TypeError,
            `${error.stack} for ${message}`,
          );
        }
      }
      assert.ok(decoded > 100 && decoded < 39_900, `${decoded} decoded: neither all nor none`);
      assert.ok(performance.now() - started < 20_000, "no message takes long");
    });
  });
}

describe("everwire/msgpack and the specification", () => {
  class Point {
    constructor(x, y) {
      Object.assign(this, { x, y });
    }
  }
  const point = {
    type: 7,
    is: (value) => value instanceof Point,
    encode: ({ x, y }) => Uint8Array.of(x, y),
    decode: ([x, y]) => new Point(x, y),
  };

  it("writes timestamps in the shortest form, and reads all three", () => {
    for (const [written, millis] of [
      ["d6ff 00000001", 1_000],
      ["d7ff ee6b2800 00000001", 1_001],
      ["c70cff 3b8b87c0 ffffffffffffffff", -1],
    ]) {
      const date = msgpack.decode(hex(written.replace("ee6b2800", "003d0900")));
      assert.equal(date.getTime(), millis, written);
      assert.deepEqual(
        [...msgpack.encode(new Date(millis))],
        [...hex(written.replace("ee6b2800", "003d0900"))],
      );
    }
    assert.throws(() => msgpack.decode(hex("d5ff0000")), /4, 8 or 12 bytes/);
  });

  it("carries types of the application's own", () => {
    const codec = msgpackWith({ extensions: [point] });
    const message = { points: [new Point(1, 2), new Point(3, 4)] };
    assert.deepStrictEqual(codec.decode(codec.encode(message)), message);
    assert.throws(
      () => msgpack.decode(codec.encode(message)),
      /Extension 7 is not known; the option extensions/,
    );
  });

  it("refuses bigints of more than 64 bits, and the byte that means nothing", () => {
    assert.throws(() => msgpack.encode(2n ** 64n), /64 bits/);
    assert.throws(() => msgpack.decode(hex("c1")), /0xc1/);
  });
});

describe("everwire/cbor and RFC 8949", () => {
  it("reads the examples of appendix A", () => {
    for (const [written, value] of [
      ["00", 0],
      ["1864", 100],
      ["1b000000e8d4a51000", 1_000_000_000_000],
      ["1bffffffffffffffff", 18_446_744_073_709_551_615n],
      ["c249010000000000000000", 18_446_744_073_709_551_616n],
      ["3bffffffffffffffff", -18_446_744_073_709_551_616n],
      ["c349010000000000000000", -18_446_744_073_709_551_617n],
      ["3903e7", -1_000],
      ["f98000", -0],
      ["f93c00", 1],
      ["fb3ff199999999999a", 1.1],
      ["f97bff", 65_504],
      ["fa47c35000", 100_000],
      ["f90001", 5.960464477539063e-8],
      ["f9c400", -4],
      ["f97c00", Infinity],
      ["f97e00", NaN],
      ["f7", undefined],
      ["c074323031332d30332d32315432303a30343a30305a", new Date("2013-03-21T20:04:00Z")],
      ["c1fb41d452d9ec200000", new Date(1_363_896_240_500)],
      ["d9d9f7 01", 1],
      ["62c3bc", "ü"],
      ["5f42010243030405ff", Uint8Array.of(1, 2, 3, 4, 5)],
      ["7f657374726561646d696e67ff", "streaming"],
      ["9fff", []],
      ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
      ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
    ]) {
      assert.deepStrictEqual(cbor.decode(hex(written)), value, written);
    }
  });

  it("refuses what is not well-formed", () => {
    for (const written of [
      "1c",
      "3e",
      "5d",
      "9e",
      "fc",
      "1f",
      "3f",
      "df00",
      "ff",
      "81ff",
      "a1ff00",
      "a100ff",
      "5f00ff",
      "5f7f6161ffff",
      "7f4100ff",
      "bf00ff",
      "c1ff",
      "f8",
      "c0616e",
      "d86401",
    ]) {
      assert.throws(
        () => cbor.decode(hex(written)),
        (error) => error instanceof RangeError || error instanceof TypeError,
        written,
      );
    }
  });

  it("writes bigints of any reasonable size, and refuses others", () => {
    for (const value of [2n ** 64n, -(2n ** 64n) - 1n, 2n ** 4_000n])
      assert.equal(cbor.decode(cbor.encode(value)), value);
    assert.throws(() => cbor.encode(2n ** 9_000n), /1024 bytes/);
    assert.throws(() => cbor.decode(Uint8Array.of(0xc2, 0x59, 0x04, 0x01, ...bytes(1_025))), /1024 bytes/);
  });

  it("carries types of the application's own", () => {
    const set = {
      tag: 258,
      is: (value) => value instanceof Set,
      encode: (value) => [...value],
      decode: (value) => new Set(value),
    };
    const codec = cborWith({ tags: [set] });
    const message = { seen: new Set([1, "two", new Set()]) };
    assert.deepStrictEqual(codec.decode(codec.encode(message)), message);
    assert.throws(() => cbor.decode(codec.encode(message)), /Tag 258 is not known/);
  });
});

/** A number under `limit`, always the same ones (mulberry32). */
function roller(seed) {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** Some value that every library gives back as it was. */
function anything(dice, depth) {
  switch (dice(depth > 0 ? 9 : 7)) {
    case 0:
      return null;
    case 1:
      return dice(2) === 0;
    case 2:
      return dice(2 ** 32) - dice(2 ** 31);
    case 3:
      return dice(2 ** 32) * dice(2 ** 20) - 1;
    case 4:
      return (dice(2 ** 32) + 0.5) / 3;
    case 5:
      return ["é", "text", "😀", ""][dice(4)].repeat(dice(40));
    case 6:
      return Uint8Array.from({ length: dice(300) }, () => dice(256));
    case 7:
      return Array.from({ length: dice(20) }, () => anything(dice, depth - 1));
    default: {
      const keys = Array.from({ length: dice(20) }, (_, i) => `${"k".repeat(i)}${dice(100)}`);
      // In the order in which some libraries sort them.
      keys.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
      return Object.fromEntries(keys.map((key) => [key, anything(dice, depth - 1)]));
    }
  }
}
