import { ask } from "../harness/page.js";
import { waysOf } from "../subjects/ways.js";

/** Says hello, hears it again, tells how long that took since the page's first line, and goes to the next page. */
export async function begin(subject) {
  try {
    const connection = await waysOf(subject)(globalThis.server);
    await connection.trips(1, 16, "text");
    const milliseconds = performance.now() - globalThis.begun;
    const { next } = await ask("took", { index: parseInt(location.pathname.slice(1)), milliseconds });
    if (next) location.href = next;
    else await ask("result");
  } catch (error) {
    await ask("failure", { text: `${error}\n${error?.stack}` });
  }
}
