// What the npm package exports: one file in pkg/ for each of these sources. `ownUrl`: it finds its wasm beside itself.
// `noCore`: it is for use with any of the others, and holds no core.
export const entries = [
  { name: "everwire", source: "ts/everwire.ts" },
  { name: "url", source: "ts/url.ts", ownUrl: true },
  { name: "debug", source: "ts/debug.ts", noCore: true },
  { name: "msgpack", source: "ts/msgpack.ts", noCore: true },
  { name: "cbor", source: "ts/cbor.ts", noCore: true },
];
