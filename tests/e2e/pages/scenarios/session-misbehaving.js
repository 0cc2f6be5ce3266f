// A server that breaks the protocol, in every way that the test server knows: the wire leaves it, says so, and goes on with
// the session over the next connection. Nothing is lost and nothing comes twice.
import { messages, next, ok, record, same } from "../check.js";

const AT_ONCE = { codec: "text", reconnect: { delay: () => 0 } };

/** What the wire closes with, by what a server does on a connection that works. */
const FRAMES = {
  "send?what=gap": 4004,
  "send?what=number&number=0": 4004,
  "send?what=number&number=900": 4004,
  "send?what=garbage": 4004,
  "send?what=oversize": 4010,
  "send?what=welcome": 4004,
  "send?what=ack": 4004,
};

/** The echo comes, and both ways everything has come once. */
async function goesOn(it, text) {
  const echoed = messages(it, 1);
  same(await it.send(text).settled, { outcome: "delivered" }, text);
  same(await echoed, [text]);
}

/** How the room's sessions came to their connections, and what the first of them has heard. */
async function told(room) {
  const { sessions } = await room.stats();
  const { messages, gaps, duplicates } = sessions.each[0];
  return { new: sessions.new, lost: sessions.lost, messages, gaps, duplicates };
}

export const scenarios = {
  "frames that no server should send end the connection, and not the session": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), AT_ONCE);
    const losses = [];
    it.addEventListener("sessionlost", (lost) => losses.push(lost));
    const heard = [];
    it.on((text) => heard.push(text));
    await goesOn(it, "0");
    const names = Object.keys(FRAMES);
    for (const [at, name] of names.entries()) {
      const failed = next(it, "error");
      const back = next(it, "session");
      await room.control(`session/${name}`);
      const { error } = await failed;
      same([error.code, error.close?.code], ["ProtocolViolated", FRAMES[name]], name);
      same((await back).resumed, true, name);
      await goesOn(it, String(at + 1));
    }
    const count = names.length + 1;
    same(
      heard,
      Array.from({ length: count }, (_, number) => String(number)),
    );
    same([losses, await told(room)], [[], { new: 1, lost: 0, messages: count, gaps: 0, duplicates: 0 }]);
  },

  "what comes again changes nothing, and is not noticed": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), AT_ONCE);
    const heard = [];
    it.on((text) => heard.push(text));
    await goesOn(it, "1");
    const events = record(it, "close", "error");
    await room.control("session/send?what=again");
    await room.control("session/send?what=number&number=1");
    await goesOn(it, "2");
    same([heard, events], [["1", "2"], []]);
    same(await told(room), { new: 1, lost: 0, messages: 2, gaps: 0, duplicates: 0 });
  },

  "a handshake that is late, doubled, early, foreign or poor costs a connection at most": async ({
    wire,
    openRoom,
  }) => {
    for (const [welcome, fails] of [
      ["late&ms=100", undefined],
      ["twice", "ProtocolViolated"],
      ["early", "ProtocolViolated"],
      ["foreign", "ProtocolViolated"],
      ["poor", "ProtocolViolated"],
      ["close&code=8&retry&retry_after=1", undefined],
    ]) {
      const room = await openRoom();
      const it = wire(room.url(`welcome=${welcome}&times=1`), AT_ONCE);
      const errors = record(it, "error");
      await goesOn(it, "1");
      same((await room.stats()).sessions.lost, 0, welcome);
      if (fails) same(errors[0], ["error", fails], welcome);
      it.close();
    }
  },

  "what is withheld is waited for, and told when it comes": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url(), AT_ONCE);
    await goesOn(it, "first");
    await room.control("session/withhold?withhold=acks");
    const echoed = messages(it, 1);
    const receipt = it.send("second");
    await echoed;
    same([receipt.result, it.inFlight], [undefined, 1]);
    await room.control("session/withhold?withhold=nothing");
    same(await receipt.settled, { outcome: "delivered" });

    // One frame is granted, and no other until the server says so.
    const moved = next(it, "session");
    await room.control("session/restart?state=lost&max_frame=1024&window=1024");
    same((await moved).resumed, false);
    await room.control("session/withhold?withhold=credit");
    const long = [it.send("x".repeat(600)), it.send("y".repeat(600))];
    same(await long[0].settled, { outcome: "delivered" });
    same([long[1].result, it.queued, it.inFlight], [undefined, 1, 0]);
    await room.control("session/withhold?withhold=nothing");
    same(await long[1].settled, { outcome: "delivered" });
  },

  "answers that take their time are waited for": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const it = wire(room.url("delay=150"), AT_ONCE);
    await it.opened;
    const began = performance.now();
    same(await it.request("echo", "late"), "late");
    await goesOn(it, "late, too");
    ok(performance.now() - began > 200, "both were late");
  },

  "a token that runs out is asked for anew, on the connection that works": async ({ wire, openRoom }) => {
    const room = await openRoom();
    const first = await room.issue("ms=1000&owner=me");
    const second = await room.issue("ms=600000&owner=me");
    const asked = [];
    let renewed;
    const renewal = new Promise((resolve) => (renewed = resolve));
    const it = wire(room.url(), {
      ...AT_ONCE,
      token: ({ renews }) => {
        asked.push(renews);
        if (renews) renewed();
        return renews ? second : first;
      },
    });
    await it.opened;
    const events = record(it, "close", "error");
    await renewal;
    await goesOn(it, "still me");
    same([asked, events], [[false, true], []]);
  },
};
