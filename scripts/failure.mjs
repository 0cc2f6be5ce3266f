// An expected failure: its message says what happened, why, and what to do. It is printed without a stack trace.
export class Failure extends Error {
  name = "Failure";
}

/** Runs a script's main function; a Failure ends the process with its message alone. */
export async function main(body) {
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
