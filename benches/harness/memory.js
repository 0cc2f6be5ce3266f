// How much memory a page holds: the objects of JavaScript, once the garbage is gone, and what its wasm has taken. Needs the
// flags of harness/flags.mjs; buffers are not counted.

const memories = new Set();
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    if (this.exports.memory) memories.add(this.exports.memory);
  }
};

/** Bytes. */
export async function held() {
  for (let i = 0; i < 3; i++) {
    await gc({ type: "major", execution: "async" });
  }
  let bytes = performance.memory.usedJSHeapSize;
  for (const memory of memories) bytes += memory.buffer.byteLength;
  return bytes;
}
