// How the wasm's text is read, where the package runs. ./wasm-text.mjs writes it.

/** Digits are printable ASCII without `"`, `$`, `'`, `\` and the backtick. Two characters more say that a digit follows. */
export const DIGITS = 88;
/** Those: what is escaped in one kind of JavaScript string or another. */
const ESCAPED = [34, 36, 39, 92, 96];
/** A size takes so many bytes, be it ever so small. */
export const SIZE = 3;

// Numbers of one sort stand together, in a stream of their own. That compresses far better than code in the order in which
// it runs. Which stream is next to which makes a small difference.
const BRANCHES = 0;
const LOCALS = 1;
const GLOBALS = 2;
const BLOCKS = 3;
const OPCODES = 4;
const VARIABLES = 5;
export const ALIGNMENTS = 6;
const OFFSETS = 7;
const INTEGERS = 8;
const LONG_INTEGERS = 9;
/** What stands before the functions. */
export const BEFORE = 10;
const FLOATS = 11;
/** What stands after the functions. */
export const AFTER = 12;

/**
 * By the highest opcode of a row: in which streams are the numbers that follow it. Zeros, as they name the only memory, are
 * read as opcodes that nothing follows.
 */
const FOLLOWED_BY = [
  [0x01],
  [0x04, BLOCKS],
  [0x0b],
  [0x0d, BRANCHES],
  [0x0f],
  [0x10, OPCODES],
  [0x11, OPCODES, OPCODES],
  [0x1f],
  [0x22, VARIABLES],
  [0x26, GLOBALS],
  [0x3e, ALIGNMENTS, OFFSETS],
  [0x40],
  [0x41, INTEGERS],
  [0x42, LONG_INTEGERS],
  [0xfb],
  [0xff, OPCODES],
];

/**
 * Reads the section of functions. `read` gives the next byte of a stream, and is told if that is an opcode. `sized` reads
 * a part that stands behind its size.
 */
export function readFunctions(read, sized) {
  const rows = [];
  for (const row of FOLLOWED_BY) while (rows.length <= row[0]) rows.push(row);
  const number = (stream) => {
    const byte = read(stream);
    return byte > 127 ? (byte & 127) + 128 * number(stream) : byte;
  };
  const numbers = (count, stream) => {
    while (count-- > 0) number(stream);
  };
  const readFunction = () => {
    // Each with its type.
    numbers(2 * number(LOCALS), LOCALS);
    for (let depth = 1; depth > 0;) {
      const opcode = read(OPCODES, true);
      if (opcode === 0x0b) depth--;
      if (opcode > 0x01 && opcode < 0x05) depth++;
      const row = rows[opcode];
      for (let i = 1; i < row.length; i++) while (read(row[i]) > 127);
      if (opcode === 0x0e) numbers(number(BRANCHES) + 1, BRANCHES);
      if (opcode === 0x44) for (let i = 0; i < 8; i++) read(FLOATS);
    }
  };
  sized(() => {
    for (let left = number(LOCALS); left > 0; left--) sized(readFunction);
  });
}

/** So many bytes of wasm. `places`: where in the text each stream begins, in bytes. */
export function unpack(text, length, ...places) {
  // Engines run this cold: what a loop does is little, and done once.
  const digits = new Uint8Array(127);
  for (let code = 32, digit = 0; code < 127; code++) if (!ESCAPED.includes(code)) digits[code] = digit++;
  const ranks = new Uint8Array(text.length);
  let count = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = digits[text.charCodeAt(i)];
    if (digit < DIGITS) {
      ranks[count++] = high + digit;
      high = 0;
    } else {
      high = (digit - DIGITS + 1) * DIGITS;
    }
  }
  // The bytes that are one digit come first. The others follow in their order.
  const bytes = Uint8Array.from(new Set([...ranks.subarray(0, DIGITS), ...Array(256).keys()]));
  const wasm = new Uint8Array(length);
  let at = 0;
  const read = (stream) => (wasm[at++] = bytes[ranks[places[stream]++]]);
  const sized = (part) => {
    const start = (at += SIZE);
    part();
    const size = at - start;
    wasm.set([(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14], start - SIZE);
  };
  for (let left = places[BEFORE + 1] - places[BEFORE]; left > 0; left--) read(BEFORE);
  readFunctions(read, sized);
  while (at < length) read(AFTER);
  return wasm;
}
