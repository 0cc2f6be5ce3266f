// Stands between everwire and its WebAssembly: sees its memory, counts the calls, and can make it trap. To be loaded before
// everwire.

/** A module of one export, which does nothing but `unreachable`. */
const BOMB = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[7, 8, 1, 4, 0x74, 0x72, 0x61, 0x70, 0, 0],
  ...[10, 5, 1, 3, 0, 0, 0x0b],
]);

const RealInstance = globalThis.WebAssembly?.Instance;
const seen = [];
let fuse = Infinity;
const calls = { into: 0, outOf: 0 };

class Instance {
  constructor(module, imports) {
    // The program that unpacks it imports nothing.
    if (!imports) return new RealInstance(module);
    const real = new RealInstance(module, counting(imports));
    seen.push(real);
    const entries = Object.entries(real.exports).map(([name, value]) => [
      name,
      typeof value === "function" ? (...args) => (burn(), calls.into++, value(...args)) : value,
    ]);
    this.exports = Object.fromEntries(entries);
  }
}
if (RealInstance) WebAssembly.Instance = Instance;

function burn() {
  if (--fuse > 0) return;
  fuse = Infinity;
  new RealInstance(new WebAssembly.Module(BOMB)).exports.trap();
}

/** The same imports, each call of which is counted. */
function counting(imports) {
  const counted = (value) =>
    typeof value === "function" ? (...args) => (calls.outOf++, value(...args)) : value;
  const each = (object, change) =>
    Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
  return each(imports, (module) => each(module, counted));
}

/** Calls of exports and of imports since the page was loaded. */
export const crossings = () => ({ ...calls });

/** The call into the wasm after so many more does not come back: it traps. */
export function trapAfter(count) {
  fuse = count + 1;
}

export const isArmed = () => fuse !== Infinity;

export function disarm() {
  fuse = Infinity;
}

/** Bytes of memory of the latest instance. */
export function memory() {
  const exported = Object.values(seen.at(-1).exports);
  return exported.find((value) => value instanceof WebAssembly.Memory).buffer.byteLength;
}
