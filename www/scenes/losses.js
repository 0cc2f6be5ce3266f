// What the session said when it was lost, in words; and what the server, asked afterwards, knows of what was in doubt.
import { count } from "../format.js";

const SHOWN = 20;

export class Losses {
  #lane;
  #look;
  #list = document.getElementById("losses");
  #named = 0;
  /** How often its line was lost, how often the session went on, and how often it was lost itself. */
  counts = { broken: 0, resumed: 0, lost: 0 };

  /** `look` asks the server what it has counted. */
  constructor(wire, lane, look) {
    this.#lane = lane;
    this.#look = look;
    wire.addEventListener("close", () => this.counts.broken++);
    wire.addEventListener("session", ({ resumed }) => (this.counts.resumed += Number(resumed)));
    wire.addEventListener("sessionlost", (loss) => void this.#tell(loss));
  }

  async #tell({ inDoubt, resent, inboundMissing }) {
    this.counts.lost++;
    // Receipts settle as promises do, behind the event.
    await new Promise((resolve) => setTimeout(resolve));
    const lane = this.#lane;
    const numbers = lane.doubtful(this.#named);
    this.#named = numbers.at(-1) ?? this.#named;
    if (inboundMissing) lane.forgiveEchoes();

    const row = document.createElement("li");
    row.dataset.fate = inDoubt ? "doubt" : "done";
    row.append(
      paragraph(
        inDoubt
          ? `The session is lost. In doubt: ${numbers.length > 0 ? name(numbers) : "none of the numbers"}.`
          : "The session is lost, with proof of how far it came: nothing is in doubt.",
      ),
      paragraph(
        [
          resent > 0
            ? `${count(resent)} that never arrived go on in the next session.`
            : "All others were delivered.",
          inboundMissing ? "Echoes may be missing." : "No echo is missing.",
        ].join(" "),
      ),
    );
    this.#list.prepend(row);
    while (this.#list.childElementCount > SHOWN) this.#list.lastElementChild.remove();
    if (numbers.length === 0) return;
    await this.#look();
    const arrived = numbers.filter((number) => lane.hasArrived(number));
    const others = numbers.filter((number) => !lane.hasArrived(number));
    const said = [
      arrived.length > 0 ? `${name(arrived)} had arrived` : "",
      others.length > 0 ? `${name(others)} had not` : "",
    ].filter(Boolean);
    row.append(paragraph(`Asked behind its back, the server says: ${said.join(", ")}.`));
  }
}

function paragraph(text) {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  return paragraph;
}

/** Numbers in order as ranges: `3–7, 9`. */
function name(numbers) {
  const ranges = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range && number === range[1] + 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges
    .map(([first, last]) => (first === last ? count(first) : `${count(first)}–${count(last)}`))
    .join(", ");
}
