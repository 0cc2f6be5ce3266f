// Wasm as JavaScript text: a byte becomes one printable ASCII character, or two if it is a high one. After brotli this is
// a quarter smaller than base64, since bytes stay aligned, and no larger than a string of raw bytes; unlike that, it needs
// no escape and no minifier, character set or HTML parser can spoil it.

/** Printable ASCII without what is escaped in one kind of JavaScript string or another. */
const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).filter(
  (c) => !"\"'`\\$".includes(c),
);
/** The last two are no digits but say that another one follows. */
const DIGITS = ALPHABET.length - 2;
/** Wasm has the bytes from 88 more often than those from 80. */
const SWAPPED = 8;

/** A module whose default export is a function that returns the bytes. */
export function wasmModule(bytes) {
  return `const text = "${encode(bytes)}";
export default function wasmBytes() {
  const bytes = new Uint8Array(${bytes.length});
  let i = 0;
  const digit = () => {
    const code = text.charCodeAt(i++);
    return code - 32 - (code > 34) - (code > 36) - (code > 39) - (code > 92) - (code > 96);
  };
  for (let at = 0; at < bytes.length; at++) {
    const first = digit();
    bytes[at] = (first < ${DIGITS} ? first : (first - ${DIGITS - 1}) * ${DIGITS} + digit()) ^ ${SWAPPED};
  }
  return bytes;
}
`;
}

function encode(bytes) {
  const digit = (value) => ALPHABET[value % DIGITS];
  const character = (value) =>
    value < DIGITS ? digit(value) : ALPHABET[DIGITS - 1 + Math.floor(value / DIGITS)] + digit(value);
  return Array.from(bytes, (byte) => character(byte ^ SWAPPED)).join("");
}
