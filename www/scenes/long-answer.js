// A request whose answer comes in many parts, over as many connections as that takes.
import { count } from "../format.js";

const PARTS = 200;
const PAUSE = 50;
const TIMEOUT = 120_000;

export function connectAnswer(wire) {
  const ask = document.getElementById("ask");
  const words = document.getElementById("asked");
  const bar = document.getElementById("asked-bar");
  ask.addEventListener("click", async () => {
    if (ask.ariaDisabled === "true") return;
    ask.ariaDisabled = "true";
    let last = 0;
    let isInOrder = true;
    try {
      for await (const part of wire.requestStream("stream", `${PARTS} ${PAUSE}`, { timeout: TIMEOUT })) {
        isInOrder &&= Number(part) === ++last;
        words.textContent = `Part ${count(last)} of ${PARTS}`;
        bar.style.transform = `scaleX(${last / PARTS})`;
      }
      const whole = isInOrder && last === PARTS;
      words.textContent = whole
        ? `All ${PARTS} parts came, each once and in order.`
        : `${count(last)} parts came, not as they should: please report it.`;
    } catch (error) {
      const doubt = error.inDoubt ? " It may have been done." : "";
      words.textContent = `After ${count(last)} parts: ${error.code ?? error.name}.${doubt}`;
    }
    ask.ariaDisabled = "false";
  });
}
