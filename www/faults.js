// The buttons that make the server misbehave.
import { isMotionWanted } from "./tick.js";

const FLOOD = encodeURIComponent(JSON.stringify({ type: "flood" }));

/**
 * What each button is called, what to expect of it, and what it orders, in turn, of this page's own connection, or of
 * `all` in the room (of `session:`, `plain:` and `wait` scenes/both-lines.js knows); `lasts` is shown running out on the
 * button, in milliseconds.
 */
export const FAULTS = {
  kill: {
    name: "Cut my line",
    hint: "TCP reset, no goodbye. Back within a second.",
    orders: ["kill"],
    done: "The line is cut.",
  },
  "kill-all": {
    name: "Cut every line",
    hint: "Everybody in this room, robots too.",
    orders: ["kill"],
    all: true,
    done: "Everybody's line is cut.",
  },
  delay: {
    name: "Slow line",
    hint: "150 ms more until you see the others move.",
    orders: ["delay?ms=150"],
    done: "What the server sends you takes 150 ms more, from now on.",
  },
  undelay: {
    name: "Quick line",
    hint: "The delay ends.",
    orders: ["delay?ms=0"],
    done: "The line is quick again.",
  },
  refuse: {
    name: "Refuse, 5 s",
    hint: "Cut, then 503 to every dial. The waits grow.",
    orders: ["refuse?ms=5000", "kill"],
    lasts: 5_000,
    done: "Cut. Every dial gets 503 for 5 s.",
  },
  hang: {
    name: "Hang, 5 s",
    hint: "Cut, then dials get no answer. Given up after 2 s each.",
    orders: ["hang?ms=5000", "kill"],
    lasts: 5_000,
    done: "Cut. Dials get no answer for 5 s.",
  },
  silence: {
    name: "Go silent",
    hint: "Looks open, is dead. The heartbeat notices within 4 s.",
    orders: ["silence?ms=60000"],
    done: "Silent from now on. Only the heartbeat can tell.",
  },
  hole: {
    name: "Black hole, 8 s",
    hint: "Silent, and new dials hang. Nothing works, then all does.",
    orders: ["hang?ms=8000", "silence?ms=8000"],
    lasts: 8_000,
    done: "Everything sent to the server vanishes for 8 s.",
  },
  "close-1012": {
    name: "Close 1012",
    hint: "“Service restart, come back in 2 s”: it waits that long.",
    orders: ["close?code=1012&reason=retry-after%3D2000"],
    done: "Closed with 1012 “retry-after=2000”.",
  },
  "close-4401": {
    name: "Close 4401",
    hint: "“Unauthorized” is final: no retry until you reconnect.",
    orders: ["close?code=4401&reason=unauthorized"],
    done: "Closed with 4401: that is final.",
  },
  flood: {
    name: "Flood",
    hint: "2,000 messages at once. All arrive, the link stays.",
    orders: [`say?n=2000&text=${FLOOD}`],
    done: "2,000 messages are on their way.",
  },
  tear: {
    name: "Tear both lines",
    hint: "For 250 ms nothing gets through, then both break.",
    orders: ["silence?ms=5000", "wait?ms=250", "kill"],
    done: "What was under way is gone.",
  },
  move: {
    name: "Drain the server",
    hint: "The session opens its next line before this one ends. Plain is cut.",
    orders: ["session:session/goaway?grace=4000", "plain:close?code=1012"],
    done: "The session moves over while its line still works.",
  },
  crash: {
    name: "Kill, keep store",
    hint: "The server of the session dies, and comes back with what it had kept.",
    orders: ["session:session/restart?state=kept", "plain:kill"],
    done: "Killed and started again, with its store.",
  },
  expire: {
    name: "End the session",
    hint: "The server gives it up and proves how far it came.",
    orders: ["silence?ms=5000", "wait?ms=250", "session:session/restart?state=buried", "kill"],
    done: "Ended, and proved.",
  },
  forget: {
    name: "Forget all",
    hint: "The server dies without a store. What was under way is in doubt.",
    orders: ["silence?ms=5000", "wait?ms=250", "session:session/restart?state=lost", "kill"],
    done: "Nobody knows any more what had arrived.",
  },
  restart: {
    name: "Restart, 3 s",
    hint: "The whole server goes down, for every tab.",
    restart: 3_000,
    lasts: 3_000,
    done: "The server is down for 3 s.",
  },
};

export function connectFaults(control) {
  const answer = document.getElementById("fault-answer");
  for (const button of document.querySelectorAll("[data-fault]")) {
    button.addEventListener("click", async () => {
      const { orders = [], all, restart, lasts, done } = FAULTS[button.dataset.fault];
      try {
        for (const order of orders) await (all ? control.room(order) : control.mine(order));
        if (restart) await control.restart(restart);
        answer.textContent = done;
        if (lasts) runOut(button, lasts);
      } catch (error) {
        answer.textContent = error.message;
      }
    });
  }
}

/** A bar on the button that shrinks for as long as the fault lasts. */
function runOut(button, lasts) {
  for (const running of button.getAnimations({ subtree: true })) running.cancel();
  const frames = { transform: ["scaleX(1)", "scaleX(0)"], opacity: [1, 1] };
  const easing = isMotionWanted() ? "linear" : "steps(5)";
  button.animate(frames, { duration: lasts, easing, pseudoElement: "::after" });
}
