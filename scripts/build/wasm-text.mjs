// Wasm as JavaScript text. The commonest bytes become one printable ASCII character each, themselves wherever they
// can; the rest become two. After brotli this is a quarter smaller than base64, since bytes stay aligned, and no
// larger than a string of raw bytes; unlike that, it needs no escape and no minifier, character set or HTML parser
// can spoil it.

/** Printable ASCII without what is escaped in one kind of JavaScript string or another; the last two are the marks. */
const ALPHABET = printable().filter((c) => !"\"'`\\$".includes(c));
const SINGLES = ALPHABET.length - 2;

/** A module whose default export is a function that returns the bytes. */
export function wasmModule(bytes) {
  const singles = chooseSingles(bytes);
  return `const alphabet = "${ALPHABET.join("")}";
const singles = [${singles}];
const text = "${encode(bytes, singles)}";
export default function wasmBytes() {
  const values = [];
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  const doubles = [];
  for (let byte = 0; byte < 256; byte++) if (!singles.includes(byte)) doubles.push(byte);
  const bytes = new Uint8Array(${bytes.length});
  for (let i = 0, at = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)];
    const mark = value - ${SINGLES};
    bytes[at++] = mark < 0 ? singles[value] : doubles[mark * ${SINGLES} + values[text.charCodeAt(++i)]];
  }
  return bytes;
}
`;
}

/** The bytes that get one character: which byte each character of the alphabet stands for. */
function chooseSingles(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte]++;
  const commonest = [...count.keys()].sort((a, b) => count[b] - count[a] || a - b).slice(0, SINGLES);
  const own = ALPHABET.slice(0, SINGLES).map((c) => c.charCodeAt(0));
  const others = commonest.filter((byte) => !own.includes(byte)).sort((a, b) => a - b);
  return own.map((byte) => (commonest.includes(byte) ? byte : others.shift()));
}

function encode(bytes, singles) {
  const texts = new Array(256);
  singles.forEach((byte, i) => (texts[byte] = ALPHABET[i]));
  let doubles = 0;
  for (let byte = 0; byte < 256; byte++) {
    if (texts[byte] !== undefined) continue;
    const mark = ALPHABET[SINGLES + Math.floor(doubles / SINGLES)];
    texts[byte] = mark + ALPHABET[doubles++ % SINGLES];
  }
  return Array.from(bytes, (byte) => texts[byte]).join("");
}

function printable() {
  return Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i));
}
