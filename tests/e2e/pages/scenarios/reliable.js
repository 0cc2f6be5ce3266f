// A session over connections that are cut, and with a server that is killed. The page's address says where the session is:
// `?at=ws://...&room=NAME`. What one scenario begins, the next ones go on with.
import { next, ok, same } from "../check.js";

/** Messages each way, in so many steps. */
export const EACH = 200_000;
export const STEPS = 10;
const AT_ONCE = 1_000;
/** Messages whose fate is not known yet, at most. */
const OPEN = 8 * AT_ONCE;

const url = (more = "") => {
  const query = new URLSearchParams(location.search);
  return `${query.get("at")}/ws?room=${query.get("room")}${more}`;
};
const reconnect = { delay: () => 0 };
const queue = { maxMessages: 2 * OPEN };

/** The wire, what it was given, and what came. */
let job;

function begin(SessionWire, more) {
  const wire = new SessionWire(url(more), { codec: "text", reconnect, queue });
  job = { wire, receipts: [], heard: 0, losses: [], resumed: 0 };
  wire.on((text) => {
    job.heard += 1;
    if (text !== String(job.heard)) job.wrong ??= `${text} came in the place of ${job.heard}`;
  });
  wire.addEventListener("sessionlost", (lost) => job.losses.push(lost));
  wire.addEventListener("session", ({ resumed }) => (job.resumed += Number(resumed)));
  wire.addEventListener("close", ({ last, cause }) => last && (job.wrong ??= `it closed for good: ${cause}`));
  return job;
}

/** Sends the next whole numbers. */
function say(count) {
  const { wire, receipts } = job;
  for (let said = 0; said < count; said++) receipts.push(wire.send(String(receipts.length + 1)));
}

/** Sends up to this number, never with more than `OPEN` unsettled. */
async function sayUpTo(last) {
  const { receipts } = job;
  while (receipts.length < last) {
    await receipts[receipts.length - OPEN]?.settled;
    say(Math.min(AT_ONCE, last - receipts.length));
  }
}

/** Waits until so many messages have come, or no more will. */
async function hear(count) {
  const { wire, losses } = job;
  const enough = () => job.heard >= count || job.wrong || losses.length > 0;
  const events = ["message", "sessionlost", "close"];
  if (!enough()) await Promise.race(events.map((event) => next(wire, event, enough)));
}

const delivered = async () => {
  for (const receipt of job.receipts) {
    if ((await receipt.settled).outcome !== "delivered") job.wrong ??= JSON.stringify(receipt.result);
  }
};

function sound() {
  same(job.wrong, undefined, "what went wrong");
}

/** By outcome, from which number to which. */
const fates = () => {
  const fates = {};
  job.receipts.forEach(({ result }, at) => {
    const fate = (fates[result?.outcome] ??= [at + 1, at + 1, 0]);
    fate[1] = at + 1;
    fate[2] += 1;
  });
  return fates;
};

export const scenarios = {
  "it begins, and asks for as many messages as it will send": async ({ SessionWire }) => {
    const { wire } = begin(SessionWire, "&silent");
    job.source = wire.request("source", String(EACH), { timeout: Infinity });
    await wire.opened;
  },

  ...Object.fromEntries(
    Array.from({ length: STEPS }, (_, step) => [
      `step ${step + 1} of ${STEPS} comes both ways`,
      async () => {
        const upTo = ((step + 1) * EACH) / STEPS;
        await Promise.all([sayUpTo(upTo), hear(upTo)]);
        await delivered();
        sound();
        same(job.losses, [], "what was lost");
      },
    ]),
  ),

  "everything has come once and in order": async () => {
    same(await job.source, String(EACH));
    same([job.heard, job.losses], [EACH, []]);
    same(fates(), { delivered: [1, EACH, EACH] });
    ok(job.resumed > 0, "the session went on over another connection");
    job.wire.close();
    return job.resumed;
  },

  "100 messages are accepted": async ({ SessionWire }) => {
    const { wire } = begin(SessionWire, "&silent");
    await wire.opened;
    say(100);
    await delivered();
    sound();
  },

  "100 more are sent": () => say(100),

  "100 more wait while there is no server": async () => {
    if (job.wire.state.name === "open") await next(job.wire, "close");
    say(100);
  },

  "the loss is told exactly": async () => {
    if (job.losses.length === 0) await next(job.wire, "sessionlost");
    for (const receipt of job.receipts) await receipt.settled;
    same(fates(), { delivered: [1, 300, 200], "in-doubt": [101, 200, 100] });
    const [{ delivered: told, inDoubt, notSent, resent, inboundMissing }] = job.losses;
    same([job.losses.length, told, inDoubt], [1, 100, { from: 101, to: 200 }]);
    // What waited had no place in the session yet.
    same([notSent, resent, inboundMissing], [0, 0, true]);
    sound();
    job.wire.close();
  },

  "nothing is in doubt if the server can prove it": async () => {
    if (job.losses.length === 0) await next(job.wire, "sessionlost");
    say(100);
    await delivered();
    const [{ delivered: told, inDoubt, inboundMissing }] = job.losses;
    same([job.losses.length, told, inDoubt, inboundMissing], [1, 200, undefined, false]);
    sound();
    job.wire.close();
  },

  "it says much, and hears the beginning of it": async ({ SessionWire }) => {
    const { wire } = begin(SessionWire);
    await wire.opened;
    say(OPEN);
    await hear(100);
  },

  "it says more, and hears more": async () => {
    const heard = job.heard;
    say(AT_ONCE);
    await hear(heard + 100);
  },

  "all of it has come back once and in order": async () => {
    await delivered();
    await hear(job.receipts.length);
    sound();
    same([job.heard, job.losses], [job.receipts.length, []]);
    ok(job.resumed > 0, "the session went on");
    job.wire.close();
  },

  "it comes through, whatever is cut": async ({ SessionWire }) => {
    begin(SessionWire);
    say(100);
    await delivered();
    await hear(100);
    sound();
    same([job.heard, job.losses], [100, []]);
    job.wire.close();
  },
};
