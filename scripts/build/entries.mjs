// What the npm package exports: one file in pkg/ for each of these sources. `beside`: the file that it finds beside
// itself. `core`: where its core is, if not right there. `noCore`: it is for use with any of the others, and holds none.
// `session`: its core keeps sessions. `webSocket`: its core keeps the rules of the class WebSocket. `errors`: how it says what
// fails, if not as a wire does. `framework`: the package of which it is a part, and which it imports, beside `everwire`.
export const entries = [
  { name: "everwire", source: "ts/everwire.ts" },
  { name: "url", source: "ts/url.ts", beside: "everwire.wasm" },
  { name: "debug", source: "ts/debug.ts", noCore: true },
  { name: "testing", source: "ts/testing.ts", noCore: true },
  { name: "msgpack", source: "ts/msgpack.ts", noCore: true },
  { name: "cbor", source: "ts/cbor.ts", noCore: true },
  { name: "schema", source: "ts/schema.ts", noCore: true },
  { name: "rpc", source: "ts/rpc.ts", noCore: true },
  { name: "json-rpc", source: "ts/json-rpc.ts", noCore: true },
  { name: "worker", source: "ts/worker.ts", core: "ts/worker/remote.ts", beside: "worker-host.js" },
  { name: "worker-host", source: "ts/worker-host.ts" },
  { name: "session", source: "ts/session.ts", session: true },
  { name: "websocket", source: "ts/websocket.ts", webSocket: true, errors: "ts/websocket/errors.ts" },
  { name: "react", source: "ts/react.ts", noCore: true, framework: "react" },
  { name: "vue", source: "ts/vue.ts", noCore: true, framework: "vue" },
  { name: "svelte", source: "ts/svelte.ts", noCore: true, framework: "svelte" },
  { name: "solid", source: "ts/solid.ts", noCore: true, framework: "solid-js" },
];
