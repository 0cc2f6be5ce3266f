// Wasm as JavaScript text: a byte becomes one printable ASCII character, or two if it is rare. After brotli this is far
// smaller than base64, and than the wasm itself; unlike a string of raw bytes it needs no escape, and no minifier, character
// set or HTML parser can spoil it.
import { Failure } from "../failure.mjs";
import { AFTER, ALIGNMENTS, BEFORE, DIGITS, SIZE, readFunctions, unpack } from "./wasm-unpack.mjs";

const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).filter(
  (c) => !"\"'`\\$".includes(c),
);
/** Of a wasm file. */
const HEADER = 8;
/** The number of the section that holds the functions. */
const CODE = 10;
/** Opcodes that are none, or that `readFunctions` cannot read: typed selects, 32-bit floats, exceptions, vectors, threads. */
const UNREAD = [
  [0x06, 0x0a],
  [0x12, 0x19],
  [0x1c, 0x1f],
  [0x43, 0x43],
  [0xc5, 0xfb],
  [0xfd, 0xff],
];

/** A module whose default export is a function that returns the bytes. */
export function wasmModule(bytes) {
  const { text, numbers } = pack(bytes);
  const unpacked = unpack(text, ...numbers);
  if (pack(unpacked).text !== text || !WebAssembly.validate(unpacked)) {
    throw new Failure("What the text unpacks to is not its wasm: look at scripts/build/wasm-text.mjs.");
  }
  return `import { unpack } from "./wasm-unpack.mjs";
export default () => unpack("${text}", ${numbers.join(", ")});
`;
}

/** The same wasm, with nothing said of alignments: hints that no engine looks at. */
export function withoutAlignments(bytes) {
  const plain = Uint8Array.from(bytes);
  walk(bytes, (stream, at) => {
    if (stream === ALIGNMENTS) plain[at] = 0;
  });
  return plain;
}

/** What `unpack` takes. */
function pack(bytes) {
  const streams = Array.from({ length: AFTER + 1 }, () => []);
  const length = walk(bytes, (stream, at) => streams[stream].push(bytes[at]));
  const all = streams.flat();
  const counts = Array(256).fill(0);
  for (const byte of all) counts[byte]++;
  const common = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, DIGITS);
  common.sort((a, b) => a - b);
  const ranks = [...new Set([...common, ...counts.keys()])];
  const text = [...common, ...all.map((byte) => ranks.indexOf(byte))].map(character).join("");
  const places = streams.map((_, i) => DIGITS + streams.slice(0, i).flat().length);
  return { text, numbers: [length, ...places] };
}

const digit = (value) => ALPHABET[value % DIGITS];
const character = (value) =>
  value < DIGITS ? digit(value) : ALPHABET[DIGITS - 1 + Math.floor(value / DIGITS)] + digit(value);

/**
 * Tells of each byte but those of sizes in which stream it belongs, and where it stands. How long the wasm is with its sizes
 * as `unpack` writes them.
 */
function walk(bytes, tell) {
  let at = HEADER;
  const number = () => {
    const byte = bytes[at++];
    return byte > 127 ? (byte & 127) + 128 * number() : byte;
  };
  while (bytes[at++] !== CODE) {
    if (at > bytes.length) throw new Failure("The wasm has no functions.");
    const size = number();
    at += size;
  }
  for (let before = 0; before < at; before++) tell(BEFORE, before);
  let length = bytes.length;
  const sized = (part) => {
    const start = at;
    number();
    length += SIZE - (at - start);
    part();
  };
  const read = (stream, isOpcode) => {
    const byte = bytes[at];
    if (byte === undefined || (isOpcode && UNREAD.some(([low, high]) => low <= byte && byte <= high))) {
      throw new Failure(`The wasm has opcode ${byte}. Teach scripts/build/wasm-unpack.mjs to read it.`);
    }
    tell(stream, at++);
    return byte;
  };
  readFunctions(read, sized);
  while (at < bytes.length) tell(AFTER, at++);
  return length;
}
