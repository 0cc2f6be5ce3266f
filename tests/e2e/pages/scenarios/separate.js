// everwire/url: the WebAssembly in a file of its own. In order: a page starts it once.
import { messages, matches, same, thrown } from "../check.js";

const load = () => import("/pkg/url.js");

export const scenarios = {
  "a wire before init() is refused with what to do": async () => {
    const { Wire } = await load();
    const error = await thrown(() => new Wire("ws://127.0.0.1:9/"));
    same(error.code, "NotInitialized");
    matches(error.message, /await init\(\)/);
  },

  "a file that is not there is told, and init() may be called again": async () => {
    const { init } = await load();
    matches((await thrown(init("/pkg/nowhere.wasm"))).message, /HTTP 404/);
  },

  "what is fetched can be given up by the signal of a request": async () => {
    const { init } = await load();
    const signal = AbortSignal.abort();
    same((await thrown(init(new Request("/pkg/everwire.wasm", { signal })))).name, "AbortError");
  },

  "after init() wires work": async ({ openRoom }) => {
    const { init, Wire } = await load();
    await init();
    await init(new URL("/pkg/everwire.wasm", location.href));
    const room = await openRoom();
    const wire = new Wire(room.url());
    wire.send({ by: "url" });
    same(await messages(wire, 1), [{ by: "url" }]);
    wire.close();
    same((await wire.closed).cause, "ClosedByApplication");
  },
};
