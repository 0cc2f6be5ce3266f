import { median, rotated } from "../harness/numbers.js";
import { ask, run } from "../harness/page.js";
import { opened } from "../subjects/all.js";

/** Milliseconds of one measurement. */
const WANTED = 60;
const MOST = { messages: 200_000, bytes: 64 << 20 };

await run(async ({ servers, rounds, cells }) => {
  const open = await opened(servers);
  const rows = [];
  for (const cell of cells) {
    rows.push(...(await measure(open, rounds, cell)));
    await ask("said", { text: `${cell.direction} ${cell.kind} ${cell.size}` });
  }
  return rows;
});

async function measure(open, rounds, cell) {
  const runs = open.map((subject) => ({ ...subject, seconds: [], cpu: [] }));
  for (const run of runs) run.times = await calibrated(run, cell);
  for (let round = 0; round < rounds; round++) {
    for (const run of rotated(runs, round)) {
      await ask("cpu");
      run.seconds.push(await once(run, cell, run.times));
      const { renderer, network, [run.server]: server } = await ask("cpu");
      run.cpu.push({ renderer, network, server });
    }
  }
  return runs.map(({ name, times, seconds, cpu }) => {
    const perMessage = (part) => median(cpu.map((spent) => part(spent) / times));
    return {
      ...cell,
      subject: name,
      throughput: median(seconds.map((took) => times / took)),
      "cpu total": perMessage(({ renderer, network, server }) => renderer + network + server),
      "cpu renderer": perMessage(({ renderer }) => renderer),
      "cpu network": perMessage(({ network }) => network),
      "cpu server": perMessage(({ server }) => server),
    };
  });
}

/** How many messages take long enough to be measured. */
async function calibrated(subject, cell) {
  const most = Math.max(2, Math.min(MOST.messages, Math.floor(MOST.bytes / cell.size)));
  let times = Math.min(64, most);
  for (let i = 0; i < 3; i++) {
    const took = (await once(subject, cell, times)) * 1_000;
    if (took > WANTED) return Math.max(2, Math.ceil((times * WANTED) / took));
    times = Math.min(most, Math.ceil(times * Math.min(64, WANTED / took)));
  }
  return times;
}

/** Seconds. */
async function once({ name, sink, echo }, { direction, size, kind }, times) {
  const begun = performance.now();
  const arrived = await (direction === "up" ? sink : echo)[direction](times, size, kind);
  const took = performance.now() - begun;
  if (arrived !== times) throw new Error(`${name}: ${arrived} of ${times} messages ${direction} arrived`);
  return took / 1_000;
}
