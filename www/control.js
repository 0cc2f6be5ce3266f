// Orders to the server. It obeys only if it was started for that.

export class Control {
  #room;
  #client;

  /** `client` returns the number of this page's own connection, where others share the room. */
  constructor(room, client) {
    this.#room = encodeURIComponent(room);
    this.#client = client;
  }

  /** Gives an order: `kill`, `close?code=1012` and so on. Throws an error that says what to do. */
  async room(order) {
    return post(`/control/${this.#room}/${order}`);
  }

  /** The same, for this page's own connection alone; none has the number 0. */
  async mine(order) {
    if (!this.#client) return this.room(order);
    return this.room(`${order}${order.includes("?") ? "&" : "?"}client=${this.#client() ?? 0}`);
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
