// The messages, each with what is known of it.
import { FollowingList } from "./following.js";
import { count, duration } from "./format.js";

const SHOWN = 200;
const BURST = 20;

const WHY = {
  full: "the queue is full",
  evicted: "it gave way to another",
  superseded: "a newer one took its place",
  expired: "its time was up",
  withdrawn: "taken back",
  closed: "the wire is closed",
  refused: "the browser refused it",
};

export class Chat {
  #traffic;
  #list = document.getElementById("messages");
  #following = new FollowingList(this.#list, SHOWN);
  #rows = new WeakMap();
  #numbered = 0;

  constructor(traffic) {
    this.#traffic = traffic;
    traffic.addEventListener("parcel", ({ parcel }) => this.#show(parcel));
    traffic.addEventListener("flood", ({ flood }) => this.#showFlood(flood));

    const composer = document.getElementById("composer");
    const input = document.getElementById("text");
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (!text) return;
      traffic.send(text);
      input.value = "";
    });
    document.getElementById("send-20").addEventListener("click", () => {
      for (let i = 0; i < BURST; i++) traffic.send(`Number ${++this.#numbered}`);
    });
  }

  #show(parcel) {
    const { row, fate } = this.#rowOf(parcel, "mine");
    row.dataset.fate = parcel.fate;
    row.dataset.order = parcel.order ?? "";
    const { words, act } = this.#tell(parcel);
    const hadFocus = fate.contains(document.activeElement);
    fate.replaceChildren(words);
    if (act) fate.append(act);
    // Whoever pressed a button that is gone goes on from the list.
    if (hadFocus) this.#list.focus();
  }

  #tell(parcel) {
    switch (parcel.fate) {
      case "queued":
        return { words: "queued", act: button("Take back", () => parcel.receipt.withdraw()) };
      case "handed-over":
        return { words: `✓ handed over as #${parcel.order}` };
      case "echoed":
        return { words: `✓✓ #${parcel.order}, back in ${duration(parcel.roundTrip)}` };
      case "unknown":
        return { words: `✓ #${parcel.order}, then the link died: perhaps it arrived` };
      default: {
        const again = button("Send again", (clicked) => {
          clicked.remove();
          this.#list.focus();
          this.#traffic.send(parcel.text);
        });
        return { words: `given back: ${WHY[parcel.reason] ?? parcel.reason}`, act: again };
      }
    }
  }

  #showFlood(flood) {
    const { row, text, fate } = this.#rowOf(flood, "theirs");
    row.dataset.count = flood.count;
    text.textContent = `${count(flood.count)} messages`;
    fate.textContent = `from the server, in ${duration(flood.lastAt - flood.firstAt)}`;
  }

  #rowOf(subject, whose) {
    let parts = this.#rows.get(subject);
    if (!parts) {
      const row = document.createElement("li");
      const text = document.createElement("p");
      const fate = document.createElement("p");
      row.className = whose;
      fate.className = "fate";
      text.textContent = subject.text ?? "";
      row.append(text, fate);
      parts = { row, text, fate };
      this.#rows.set(subject, parts);
      this.#following.append(row);
    }
    return parts;
  }
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", () => act(made));
  return made;
}
