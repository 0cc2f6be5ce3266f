// The subjects in Rust, which do in Rust what ways.js does.
import { turn } from "../harness/page.js";

/** From the glue and the wasm of one: `ways(url)`, which starts it when it is first used. */
export function inRust(glue, wasm) {
  let started = false;
  return async (url) => {
    if (!started) glue.initSync({ module: wasm });
    started = true;
    const client = await glue.Ways.open(url, () => performance.now(), turn);
    return {
      up: (...what) => client.up(...what),
      down: (...what) => client.down(...what),
      echo: (...what) => client.echo(...what),
      trips: (...what) => client.trips(...what),
      close: () => client.free(),
    };
  };
}
