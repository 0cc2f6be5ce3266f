// What the npm package exports: one file in pkg/ for each of these sources. `ownUrl`: it finds its wasm beside itself.
export const entries = [
  { name: "everwire", source: "ts/everwire.ts" },
  { name: "url", source: "ts/url.ts", ownUrl: true },
];
