// What the browser tests in Rust need of the page.

/** The answer to a request, as JSON if it is that. */
export async function request(method, url) {
  // Only a login brings a cookie; elsewhere the peer lets every page read, and browsers then want none sent.
  const credentials = url.includes("/login?") ? "include" : "omit";
  const response = await fetch(url, { method, credentials });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return response.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text;
}

/** What `navigator.onLine` says from now on, and the event that tells of it; undefined for the truth, without an event. */
export function pretendOnline(online) {
  if (online === undefined) return delete navigator.onLine;
  setOnline(online);
  return happen(online ? "online" : "offline");
}

export function setOnline(value) {
  Object.defineProperty(navigator, "onLine", { value, configurable: true });
}

/** The same for `document.hidden`. */
export function pretendHidden(value) {
  if (value === undefined) return delete document.hidden;
  Object.defineProperty(document, "hidden", { value, configurable: true });
  return happen("visibilitychange");
}

const realNow = Date.now;

/** The wall clock from now on, ahead of the monotonic one. */
export function pretendSlept(millis) {
  Date.now = () => realNow() + millis;
}

/** An event where the browser fires it. That of the document does not bubble, as in some engines. */
export function happen(type, persisted) {
  const ofDocument = ["visibilitychange", "freeze", "resume"].includes(type);
  const event = persisted === undefined ? new Event(type) : new PageTransitionEvent(type, { persisted });
  return (ofDocument ? document : globalThis).dispatchEvent(event);
}

const heard = new Set();
for (const [change, keep] of [
  ["addEventListener", "add"],
  ["removeEventListener", "delete"],
]) {
  const real = globalThis[change];
  globalThis[change] = (type, listener, ...more) => {
    heard[keep](`${type} ${idOf(listener)}`);
    return real.call(globalThis, type, listener, ...more);
  };
}

/** How many listeners the page has, of those added since this was loaded. */
export const listeners = () => heard.size;

const ids = new WeakMap();
const idOf = (listener) => ids.get(listener) ?? (ids.set(listener, Math.random()), ids.get(listener));

export const blob = (parts) => new Blob(parts);

/** Hands a message to a socket's handlers at once, as no server can. */
export function arrive(socket, data) {
  socket.dispatchEvent(new MessageEvent("message", { data }));
}

/** A WebSocket class whose constructor throws an exception of this name. */
export const refusing = (name) =>
  class {
    constructor() {
      throw new DOMException("refused by the test", name);
    }
  };

/** A WebSocket class whose sockets throw when they are given "poison". */
export const throwing = () =>
  class extends WebSocket {
    send(data) {
      if (data === "poison") throw new Error("thrown by the test");
      super.send(data);
    }
  };

/** A WebSocket class whose sockets open and are lost, each in a task of its own. */
export function flapping() {
  const attached = { now: 0, most: 0 };
  return class Flapping {
    static constructed = 0;
    static closed = 0;
    static attached = attached;
    readyState = 0;
    bufferedAmount = 0;
    binaryType = "blob";
    #handlers = {};

    constructor() {
      Flapping.constructed += 1;
      later(() => {
        if (this.readyState !== 0) return;
        this.readyState = 1;
        this.onopen?.(new Event("open"));
        later(() => {
          if (this.readyState !== 1) return;
          this.readyState = 3;
          this.onerror?.(new Event("error"));
          this.onclose?.(new CloseEvent("close", { code: 1006 }));
        });
      });
    }

    send() {}

    close() {
      this.readyState = 3;
      Flapping.closed += 1;
    }

    #attach(name, handler) {
      attached.now += (handler ? 1 : 0) - (this.#handlers[name] ? 1 : 0);
      attached.most = Math.max(attached.most, attached.now);
      this.#handlers[name] = handler;
    }

    get onopen() {
      return this.#handlers.open;
    }
    set onopen(handler) {
      this.#attach("open", handler);
    }
    get onmessage() {
      return this.#handlers.message;
    }
    set onmessage(handler) {
      this.#attach("message", handler);
    }
    get onerror() {
      return this.#handlers.error;
    }
    set onerror(handler) {
      this.#attach("error", handler);
    }
    get onclose() {
      return this.#handlers.close;
    }
    set onclose(handler) {
      this.#attach("close", handler);
    }
  };
}

const channel = new MessageChannel();
const tasks = [];
channel.port1.onmessage = () => tasks.shift()();

/** Runs in a later task, without the 4 ms that browsers put between nested timers. */
function later(task) {
  tasks.push(task);
  channel.port2.postMessage(undefined);
}

/** Timers that are due at once come at once, until the returned function is called. */
export function hurryTimers() {
  const { setTimeout, clearTimeout } = globalThis;
  const due = new Set();
  let id = -1;
  globalThis.setTimeout = (task, millis, ...args) => {
    if (millis > 1) return setTimeout(task, millis, ...args);
    const own = id--;
    due.add(own);
    later(() => due.delete(own) && task(...args));
    return own;
  };
  globalThis.clearTimeout = (timer) => (timer < 0 ? due.delete(timer) : clearTimeout(timer));
  return () => Object.assign(globalThis, { setTimeout, clearTimeout });
}
