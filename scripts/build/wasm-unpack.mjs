// How the wasm's text is read, where the package runs. ./wasm-text.mjs writes it.

/** Digits are printable ASCII without `"` and `\`. Two characters more, `}` and `~`, say that a digit follows. */
export const DIGITS = 91;
export const FIRST = 0x20;
/** Those: what is escaped in a string between double quotes, as minifiers write one without. */
export const ESCAPED = [34, 92];

// Where ./wasm-unpack.wat finds what.
const STREAMS = 4;
const LETTERS = 320;
export const TEXT = 1024;

/**
 * So many bytes of wasm. `head`, in hexadecimal: a bit for each byte that is one digit, and the program that unpacks. `before`: how
 * many bytes stand before the functions. `places`: where each stream begins.
 */
export const unpack = (head, text, length, before, ...places) => {
  const bits = Uint8Array.from(head.match(/../g), (byte) => parseInt(byte, 16));
  const program = new WebAssembly.Module(bits.subarray(32));
  const { m: memory, u: unpack } = new WebAssembly.Instance(program).exports;
  const start = TEXT + text.length;
  const bytes = new Uint8Array(memory.buffer);
  new TextEncoder().encodeInto(text, bytes.subarray(TEXT));
  new Uint32Array(memory.buffer, STREAMS).set(places);
  // The bytes that are one digit come first.
  const common = (byte) => (bits[byte >> 3] >> (byte & 7)) & 1;
  const ranks = [...Array(256).keys()].sort((a, b) => common(b) - common(a));
  for (let letter = FIRST, rank = 0; rank < DIGITS; letter++) {
    if (ESCAPED.includes(letter)) continue;
    for (const more of [0, 1, 2]) bytes[LETTERS + 128 * more + letter] = ranks[DIGITS * more + rank];
    rank++;
  }
  unpack(start, start + before, start + length);
  return bytes.subarray(start, start + length);
};
