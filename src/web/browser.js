// What is asked of the browser, where one line here saves a dozen bindings. No decision is made here.

const HANDLERS = ["onopen", "onmessage", "onerror", "onclose"];

export const attach = (socket, ...handlers) => {
  socket.binaryType = "arraybuffer";
  HANDLERS.forEach((name, i) => (socket[name] = handlers[i] ?? null));
};

/** Attaches nothing. */
export const detach = attach;

/** web-sys reads it as an unsigned 32-bit number; it may be larger. */
export const buffered = (socket) => socket.bufferedAmount || 0;

/** What is buffered if the socket took it, -1 if it is not open, -2 minus what is buffered if it threw. */
export const give = (socket, data) => {
  if (socket.readyState !== 1) return -1;
  try {
    socket.send(data);
    return buffered(socket);
  } catch {
    return -2 - buffered(socket);
  }
};

/** Without a code, as `close()` does. Codes and reasons are checked before; a socket that throws all the same is left to the deadline. */
export const close = (socket, code, reason) => {
  try {
    if (code) socket.close(code, reason);
    else if (socket.readyState < 2) socket.close();
  } catch {}
};

const MOMENTS = ["online", "offline", "visibilitychange", "pagehide", "pageshow", "freeze", "resume"];

/**
 * Calls `heard` when something happens to the page or its network, or no longer. Where there are no such events, as in
 * a worker, nothing happens. Those of the document are caught on their way down: not every engine lets them bubble up.
 */
export const listen = (on, heard) => {
  const change = on ? "addEventListener" : "removeEventListener";
  for (const event of MOMENTS) globalThis[change]?.(event, heard, true);
};

/**
 * What an event means for the page, by its place among them: 7 if the page is hidden, 0 if it comes or goes for good and so
 * is not `persisted`. 8 more without a network. Without an event: how things are.
 */
export const moment = ({ type, persisted } = { type: MOMENTS[2] }) => {
  const hidden = type === MOMENTS[2] && globalThis.document?.hidden;
  const page = hidden ? 7 : persisted === false ? 0 : MOMENTS.indexOf(type);
  return page + 8 * (globalThis.navigator?.onLine === false);
};

let asleep = 0;
let ahead = Infinity;

/** The time that many systems leave out of `performance.now()`: the machine slept. */
export const slept = () => asleep;

/** A clock that goes neither back nor, where sleep stops the monotonic one, without it. */
export const now = () => {
  const monotonic = performance.now();
  const wall = Date.now() - monotonic;
  if (wall - ahead > 30_000) asleep += wall - ahead;
  ahead = wall;
  return monotonic + asleep;
};

/**
 * A port; each message to it calls `run` in a task of its own, which is not throttled as timers are. Where there are
 * none, a timer does.
 */
export const channel = (run) => {
  if (typeof MessageChannel !== "function") return { postMessage: () => setTimeout(run), close() {} };
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = run;
  return port2;
};

export const post = (port) => {
  port.postMessage(0);
};

/**
 * What a WebSocket constructor's exception means, as a number for socket.rs. A SyntaxError is the URL's, or the
 * subprotocols' if the URL is good; a SecurityError means mixed content in Chromium, which makes a URL no good one,
 * and a Content-Security-Policy in WebKit; Firefox has a name for that.
 */
export const refusal = (thrown, urlIsGood) => {
  const named = ["SyntaxError", "SecurityError", "NS_ERROR_CONTENT_BLOCKED"].indexOf(thrown?.name);
  return named < 0 ? 4 : urlIsGood && named < 2 ? 3 - named : named;
};
