// A wire behind a proxy that cuts it again and again. The page's address says where: `?proxy=ws://...`.
import { messages, next, ok, same } from "../check.js";

const CUTS = 8;
/** Firefox holds back for at least 200 ms; every engine reopens a connection to this machine in a few. */
const AT_ONCE = 150;

let it;

export const scenarios = {
  "it is open again after every cut": async ({ Wire, engine, openRoom }) => {
    const room = new URL((await openRoom()).url()).searchParams.get("room");
    const proxy = new URLSearchParams(location.search).get("proxy");
    it = new Wire(`${proxy}/ws?room=${room}`, { reconnect: { delay: () => 0 } });
    const ends = [];
    const gaps = [];
    it.addEventListener("close", ({ cause, code }) => ends.push([cause, code, performance.now()]));
    it.addEventListener("open", () => ends.length > 0 && gaps.push(performance.now() - ends.at(-1)[2]));
    await next(it, "open", () => gaps.length === CUTS);
    same(
      ends.map(([cause, code]) => `${cause} ${code}`),
      Array(CUTS).fill("ServerClosed 1006"),
    );
    same(it.stats().reconnects, CUTS);
    gaps.sort((a, b) => a - b);
    // A page that is busy hears late of an end, or of a beginning: what is true of one gap need not be of each.
    const [fastest, median] = [gaps[0], gaps[CUTS / 2]];
    const found = engine.holdsBackAfterCut ? median > AT_ONCE : fastest < AT_ONCE;
    ok(found, `as the engine is known; after ${gaps.map(Math.round)} ms it was open again`);
  },

  "it goes on where nobody cuts it any more": async () => {
    // The last cut may not have been heard yet.
    const say = () => it.send("still here");
    it.addEventListener("open", say);
    if (it.state.name === "open") say();
    same(await messages(it, 1), ["still here"]);
    it.close();
    ok((await it.closed).wasClean, "the close goes through the proxy as well");
  },
};
