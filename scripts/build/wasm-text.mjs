// Wasm as JavaScript text: a byte becomes one printable ASCII character, or two if it is rare. After brotli this is far
// smaller than base64, and than the wasm itself; unlike a string of raw bytes it needs no escape, and no minifier, character
// set or HTML parser can spoil it.
import { Failure } from "../failure.mjs";
import { DIGITS, ESCAPED, FIRST, TEXT, unpack } from "./wasm-unpack.mjs";

const ALPHABET = Array.from({ length: 0x7f - FIRST }, (_, i) => FIRST + i)
  .filter((code) => !ESCAPED.includes(code))
  .map((code) => String.fromCharCode(code));
/** So many bytes take the sizes of the section and of each function, be they ever so small. None has 16 KiB, else this throws. */
const [SECTION_SIZE, FUNCTION_SIZE] = [3, 2];
/** Of a wasm file. */
const HEADER = 8;
/** The number of the section that holds the functions. */
const CODE = 10;
/** Opcodes that are none, or that ./wasm-unpack.wat cannot read: typed selects, 32-bit floats, exceptions, vectors, threads. */
const UNREAD = [
  [0x06, 0x0a],
  [0x12, 0x19],
  [0x1c, 0x1f],
  [0x43, 0x43],
  [0xc5, 0xfb],
  [0xfd, 0xff],
];

/**
 * A module whose default export is a function that returns the bytes. `program`: the wasm of ./wasm-unpack.wat. `standIn` gives
 * the name that stands for a text.
 */
export function wasmModule(bytes, program, standIn) {
  const packed = pack(bytes, program);
  const unpacked = unpack(...packed);
  if (pack(unpacked, program)[1] !== packed[1] || !WebAssembly.validate(unpacked)) {
    throw new Failure("What the text unpacks to is not its wasm: look at scripts/build/wasm-text.mjs.");
  }
  const named = packed.map((value) => (typeof value === "string" ? standIn(value) : value));
  return `import { unpack } from "./wasm-unpack.mjs";
export default () => unpack(${named.join(", ")});
`;
}

// Numbers of one sort stand together, in a stream of their own. That compresses far better than code in the order in which
// it runs. Which stream is next to which makes a small difference. ./wasm-unpack.wat has the others by their numbers.
const BRANCHES = 2;
const LOCALS = 3;
const OPCODES = 5;
const ALIGNMENTS = 7;
/** What stands before the functions. */
const BEFORE = 11;
const FLOATS = 12;
/** What stands after the functions. */
const AFTER = 13;
/** Where that program has, by opcode, in which streams are the numbers that follow it. */
const FOLLOWING = 64;

/** The same wasm, with nothing said of alignments: hints that no engine looks at. */
export function withoutAlignments(bytes, program) {
  const plain = Uint8Array.from(bytes);
  walk(bytes, program, (stream, at) => {
    if (stream === ALIGNMENTS) plain[at] = 0;
  });
  return plain;
}

/** What `unpack` takes. */
function pack(bytes, program) {
  const streams = Array.from({ length: AFTER }, () => []);
  const { length, section } = walk(bytes, program, (stream, at) => streams[stream - 1].push(bytes[at]));
  streams[BEFORE - 1].push((section & 127) | 128, ((section >> 7) & 127) | 128, section >> 14);
  const all = streams.flat();
  const counts = Array(256).fill(0);
  for (const byte of all) counts[byte]++;
  const common = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, DIGITS);
  common.sort((a, b) => a - b);
  const ranks = [...new Set([...common, ...counts.keys()])];
  const texts = streams.map((stream) => stream.map((byte) => character(ranks.indexOf(byte))).join(""));
  const places = texts.map((_, i) => TEXT + texts.slice(0, i).join("").length);
  const bits = new Uint8Array(32);
  for (const byte of common) bits[byte >> 3] |= 1 << (byte & 7);
  const head = Buffer.concat([bits, program]).toString("hex");
  return [head, texts.join(""), length, streams[BEFORE - 1].length, ...places];
}

const digit = (value) => ALPHABET[value % DIGITS];
const character = (value) =>
  value < DIGITS ? digit(value) : ALPHABET[DIGITS - 1 + Math.floor(value / DIGITS)] + digit(value);

/**
 * Tells of each byte but those of sizes in which stream it belongs, and where it stands. How long the wasm and its section of
 * functions are with sizes as ./wasm-unpack.wat writes them.
 */
function walk(bytes, program, tell) {
  const { m: memory } = new WebAssembly.Instance(new WebAssembly.Module(program)).exports;
  const following = new Uint8Array(memory.buffer, FOLLOWING);
  let at = HEADER;
  const read = (stream) => {
    if (at >= bytes.length) throw new Failure("The wasm ends before its functions do.");
    if (stream) tell(stream, at);
    return bytes[at++];
  };
  const number = (stream) => {
    const byte = read(stream);
    return byte > 127 ? (byte & 127) + 128 * number(stream) : byte;
  };
  const numbers = (stream, count) => {
    while (count-- > 0) number(stream);
  };
  while (read() !== CODE) {
    const size = number();
    at += size;
  }
  for (let before = 0; before < at; before++) tell(BEFORE, before);
  let length = bytes.length;
  const sized = (size, part) => {
    const start = at;
    number();
    length += size - (at - start);
    part();
  };
  const readFunction = () => {
    // Each with its type.
    numbers(LOCALS, 2 * number(LOCALS));
    for (let depth = 1; depth > 0;) {
      const opcode = read(OPCODES);
      if (UNREAD.some(([low, high]) => low <= opcode && opcode <= high)) {
        throw new Failure(`The wasm has opcode ${opcode}. Teach scripts/build/wasm-unpack.wat to read it.`);
      }
      for (let left = following[opcode]; left > 0; left >>= 4) number(left & 15);
      if (opcode === 0x0e) numbers(BRANCHES, number(BRANCHES) + 1);
      if (opcode === 0x44) for (let i = 0; i < 8; i++) read(FLOATS);
      if (opcode > 0x01 && opcode < 0x05) depth++;
      if (opcode === 0x0b) depth--;
    }
  };
  const start = at + SECTION_SIZE;
  sized(SECTION_SIZE, () => {
    for (let left = number(LOCALS); left > 0; left--) sized(FUNCTION_SIZE, readFunction);
  });
  const after = bytes.length - at;
  while (at < bytes.length) read(AFTER);
  // With sizes as they will be.
  return { length, section: length - after - start };
}
