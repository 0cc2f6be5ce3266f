import { median, rotated } from "../harness/numbers.js";
import { run, turn } from "../harness/page.js";
import { opened } from "../subjects/all.js";

await run(async ({ servers, rounds, bursts, size, kind }) => {
  const subjects = await opened(servers);
  const found = [];
  for (const { messages, only } of bursts) {
    const taking = subjects.filter(({ name }) => !only || only.includes(name));
    const results = new Map(taking.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++)
      for (const subject of rotated(taking, round))
        results.get(subject).push(await burst(subject.echo, messages, size, kind));
    for (const [{ name }, all] of results)
      found.push({
        subject: name,
        size: messages,
        direction: "down",
        kind,
        median: median(all),
      });
  }
  return found;
});

/** Milliseconds: the longest that a task of the page's own had to wait for its turn meanwhile. */
async function burst(connection, messages, size, kind) {
  let longest = 0;
  let isOver = false;
  const arrived = connection.down(messages, size, kind).then(() => (isOver = true));
  for (let last = performance.now(); !isOver;) {
    await turn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  await arrived;
  return longest;
}
