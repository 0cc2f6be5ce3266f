// What the pages of all benches share: `run(main)` gives `main` its job and posts what it returns, `ask` calls what the
// bench answers.

/** Calls a function of the bench, which runs outside of the browser. */
export async function ask(name, given = {}) {
  const response = await fetch(`/${name}`, { method: "POST", body: JSON.stringify(given) });
  if (!response.ok) throw new Error(`${name} failed`);
  return response.json();
}

export async function run(main) {
  try {
    await ask("result", await main(await ask("job")));
  } catch (error) {
    await ask("failure", { text: `${error}\n${error?.stack}` });
  }
}

/** The next turn of the event loop, without the 4 ms that timers wait. */
export function turn() {
  return new Promise((resolve) => {
    turns.push(resolve);
    port2.postMessage(undefined);
  });
}

const turns = [];
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => turns.shift()();
