// What a scenario finds wrong, it throws.

export function fail(text) {
  throw new Error(text);
}

export function ok(value, what) {
  if (!value) fail(`Not so: ${what}`);
}

export function same(actual, expected, what = "") {
  const [found, wanted] = [show(actual), show(expected)];
  if (found !== wanted) fail(`${what}\nexpected ${wanted}\nfound    ${found}`);
}

export function matches(text, pattern, what = "") {
  if (!pattern.test(text)) fail(`${what}\nexpected ${pattern}\nfound    ${show(text)}`);
}

/** The error that this throws, or that this promise rejects with. */
export async function thrown(run, what = "something must be thrown") {
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    return error;
  }
  return fail(what);
}

/** Details of the next event of this type that `is` takes. */
export function next(target, type, is = () => true) {
  const over = new AbortController();
  return new Promise((resolve) => {
    const listener = (event) => {
      if (!is(event)) return;
      over.abort();
      resolve(event);
    };
    target.addEventListener(type, listener, { signal: over.signal });
  });
}

/** The next so many messages. */
export function messages(wire, count) {
  return new Promise((resolve) => {
    const found = [];
    const end = wire.on((message) => {
      found.push(message);
      if (found.length < count) return;
      end();
      resolve(found);
    });
  });
}

/** Everything of these types, from now on, as `[type, what makes it out]`. */
export function record(wire, ...types) {
  const events = [];
  const tell = {
    statechange: ({ state }) => (state.phase ? `${state.name}/${state.phase}` : state.name),
    error: ({ error }) => error.code,
    close: ({ cause, last }) => (last ? `${cause}, last` : cause),
    evicted: ({ receipt }) => receipt.message,
    message: ({ data }) => data,
    open: () => "",
  };
  for (const type of types) wire.addEventListener(type, (event) => events.push([type, tell[type](event)]));
  return events;
}

/** A later task. */
export const task = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (port1.close(), resolve());
    port2.postMessage(undefined);
  });

function show(value) {
  return (
    JSON.stringify(value, (_, inner) => {
      if (typeof inner === "bigint" || typeof inner === "symbol" || inner === undefined) return String(inner);
      if (inner instanceof Error) return String(inner);
      if (ArrayBuffer.isView(inner) && !(inner instanceof DataView)) return [...inner];
      if (inner instanceof ArrayBuffer) return [...new Uint8Array(inner)];
      return inner;
    }) ?? "undefined"
  );
}
