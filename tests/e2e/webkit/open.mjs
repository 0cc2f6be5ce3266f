// A WebKit session: an X display of its own, WebKitWebDriver, and the browser beside this file.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Builder } from "selenium-webdriver";
import { waitForServer } from "selenium-webdriver/http/util.js";
import { startDisplay } from "../../../scripts/display.mjs";
import { onPath } from "../../../scripts/on-path.mjs";
import { start, stop } from "../../../scripts/process.mjs";

const BROWSER = fileURLToPath(new URL("browser.js", import.meta.url));
const STARTS_WITHIN = 10_000;

/** Resolves with `{ driver, entries }`; `entries` grows by `{ level, text }` as pages log. */
export async function openWebKit({ trusting = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "everwire-webkit-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  const display = await startDisplay();
  const entries = [];
  const port = await freePort();
  const service = start("WebKitWebDriver", [`--port=${port}`], {
    quiet: true,
    tee: consoleReader(entries),
    env: display.env,
  });
  const end = async () => {
    await stop(service);
    await display.stop();
    process.off("exit", remove);
    remove();
  };
  try {
    const address = `http://127.0.0.1:${port}`;
    await waitForServer(address, STARTS_WITHIN, service.exited);
    const driver = await new Builder()
      .disableEnvironmentOverrides()
      .usingServer(address)
      .withCapabilities({
        browserName: "webkit",
        acceptInsecureCerts: trusting,
        "webkitgtk:browserOptions": { binary: onPath("gjs"), args: ["-m", BROWSER, directory] },
      })
      .build();
    return { driver: endingWith(driver, end), entries };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The same driver: what the page logged during a command is read when the command is over, and after it quits all ends. */
function endingWith(driver, end) {
  const execute = driver.execute.bind(driver);
  driver.execute = async (command) => {
    const result = await execute(command).catch((error) => {
      error.message ||= `WebKitWebDriver failed at ${command.getName()} and did not say why`;
      throw error;
    });
    // What was written before the answer came is read in this turn of the event loop.
    await new Promise(setImmediate);
    return result;
  };
  const quit = driver.quit.bind(driver);
  driver.quit = () => quit().finally(end);
  return driver;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Reads lines like `http://…/page.js:7:12: CONSOLE JS ERROR text`; a line without such a head belongs to the one before. */
function consoleReader(entries) {
  const HEAD = /^(?:\S*:\d+:\d+: )?CONSOLE (?:[A-Z]+ )?(ERROR|WARN|LOG|INFO|DEBUG) ([^]*)$/;
  let rest = "";
  return (printed) => {
    const lines = (rest + printed).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [, level, text] = HEAD.exec(line) ?? [];
      if (level) entries.push({ level: level.toLowerCase(), text });
      else if (entries.length > 0) entries.at(-1).text += `\n${line}`;
    }
  };
}
