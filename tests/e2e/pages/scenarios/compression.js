// A server that compresses, or does not: the page's address says where it is.
import { next, same } from "../check.js";

export const scenarios = {
  "a message comes back whole, compressed if both ends can": async ({ wire }) => {
    const it = wire(new URLSearchParams(location.search).get("peer"), { codec: "text" });
    const text = JSON.stringify(
      Array.from({ length: 500 }, (_, id) => ({ id, kind: "reading", unit: "°C" })),
    );
    it.send(text);
    same((await next(it, "message")).data, text);
    const { extensions } = it;
    it.close();
    await it.closed;
    return { extensions, size: new TextEncoder().encode(text).length };
  },
};
