// Counts tests by what their runners print: cargo's and wasm-bindgen's result lines, and the summary of node:test.
const CARGO = /^\s*test result: \w+\. (\d+) passed; (\d+) failed;/;
const NODE = /^(?:#|ℹ) (pass|fail|cancelled) (\d+)$/;
const COLOURS = /\x1b\[[\d;]*m/g;

export class Counter {
  #rest = "";
  #passed = 0;
  #failed = 0;

  read(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#readLine(line.replace(COLOURS, "").trimEnd());
  }

  /** A step without tests of its own is itself one; a failed one has at least one failure. */
  total(ok) {
    this.read("\n");
    if (this.#passed + this.#failed === 0) return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    return { passed: this.#passed, failed: ok ? this.#failed : Math.max(this.#failed, 1) };
  }

  #readLine(line) {
    const cargo = CARGO.exec(line);
    if (cargo) {
      this.#passed += Number(cargo[1]);
      this.#failed += Number(cargo[2]);
    }
    const node = NODE.exec(line);
    if (node?.[1] === "pass") this.#passed += Number(node[2]);
    else if (node) this.#failed += Number(node[2]);
  }
}
