import { quantile, rotated } from "../harness/numbers.js";
import { run } from "../harness/page.js";
import { opened } from "../subjects/all.js";

await run(async ({ servers, rounds, cells, trips }) => {
  const subjects = await opened(servers);
  const found = [];
  for (const cell of cells) {
    const taken = new Map(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++) {
      for (const subject of rotated(subjects, round)) {
        const times = await subject.echo.trips(trips, cell.size, cell.kind);
        // The first ones wake everything up.
        taken.get(subject).push(...times.slice(trips / 10));
      }
    }
    for (const [{ name }, times] of taken)
      found.push({
        cell,
        subject: name,
        p50: 1_000 * quantile(times, 0.5),
        p99: 1_000 * quantile(times, 0.99),
      });
  }
  return found;
});
