// Orders to the server. It obeys only if it was started for that.

export class Control {
  #room;

  constructor(room) {
    this.#room = encodeURIComponent(room);
  }

  /** Gives an order: `kill`, `close?code=1012` and so on. Throws an error that says what to do. */
  async room(order) {
    return post(`/control/${this.#room}/${order}`);
  }

  /** Takes the whole server down for so many milliseconds. */
  async restart(down) {
    return post(`/control/restart?down=${down}`);
  }
}

async function post(path) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST" });
  } catch {
    throw new Error("The server does not answer: it is down just now.");
  }
  if (answer.ok) return;
  if (answer.status === 403) {
    throw new Error("This server takes no orders; `npm start` runs one that does. “From this side” works.");
  }
  throw new Error(`The server answered ${answer.status}: is it Everwire's echo server?`);
}
