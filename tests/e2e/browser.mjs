// Real browsers, driven by W3C WebDriver: a page is opened, what it reports is collected, and the browser always ends.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser, Builder, logging } from "selenium-webdriver";
import LogInspector from "selenium-webdriver/bidi/logInspector.js";
import chrome from "selenium-webdriver/chrome.js";
import firefox from "selenium-webdriver/firefox.js";
import { onPath } from "../../scripts/on-path.mjs";
import { inRoot } from "../../scripts/paths.mjs";
import * as needs from "../../scripts/setup.mjs";
import { openWebKit } from "./webkit/open.mjs";

const openers = { chromium: openChromium, firefox: openFirefox, webkit: openWebKitGtk };

export const browsers = Object.keys(openers);

// Headless, and with nothing that speaks to its maker.
const CHROMIUM = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Opens `url` in a new browser and runs `body(driver, log)`. `log.errors` holds what the page logged as errors and what
 * it threw and did not catch, as text, in order; `log.entries` holds everything: `{ level, text }`. A `trusting` browser
 * takes every certificate; for it `hosts`, where an engine can be told so (`engines.js`), are this machine.
 */
export async function withPage(browserName, url, body, options) {
  const session = await openBrowser(browserName, options);
  try {
    return await visit(session, url, body);
  } finally {
    await session.driver.quit();
  }
}

/** A session: `{ browserName, driver, entries }`. */
export async function openBrowser(browserName, { trusting = false, hosts = [], slowsHidden = false } = {}) {
  return Object.assign(await openers[browserName]({ trusting, hosts, slowsHidden }), { browserName });
}

/** The same in the current window of a session. */
export async function visit({ browserName, driver, entries }, url, body) {
  const log = {
    entries,
    get errors() {
      return entries.filter(({ level }) => level === "error").map(({ text }) => text);
    },
  };
  try {
    await driver.get(url);
    return await body(driver, log);
  } catch (error) {
    for (const text of [...log.errors, ...(await refusals(driver, browserName))]) {
      error.message += `\nThe page said: ${text}`;
    }
    throw error;
  }
}

/** Saves what the page shows, in a viewport of this size, as target/screenshots/NAME.png. */
export async function screenshot(driver, name, width, height) {
  await resizeViewport(driver, width, height);
  await driver.wait(() => driver.executeScript(DRAWN, width), 5_000, `the viewport never was ${width} wide`);
  const directory = inRoot("target/screenshots");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${name}.png`);
  writeFileSync(file, await driver.takeScreenshot(), "base64");
  return file;
}

/** Whether the page has this width and was drawn with it. */
const DRAWN = `
  if (innerWidth !== arguments[0]) return false;
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))));
`;

/** Firefox has no window as narrow as a phone, but its viewport can be; WebKit's windows are all viewport. */
async function resizeViewport(driver, width, height) {
  if (!(await speaksBidi(driver))) return driver.manage().window().setRect({ width, height });
  const context = await driver.getWindowHandle();
  await command(driver, "browsingContext.setViewport", { context, viewport: { width, height } });
}

/** Whether a driver takes commands of WebDriver BiDi. */
const speaksBidi = async (driver) => (await driver.getCapabilities()).has("webSocketUrl");

/** A command of WebDriver BiDi, and its result. */
export async function command(driver, method, params) {
  const { result, error, message } = await (await driver.getBidi()).send({ method, params });
  if (error) throw new Error(`${method}: ${error}: ${message}`);
  return result;
}

/** With `slowsHidden` hidden pages are slowed down, as they are for people, and nothing is collected of what pages log. */
async function openChromium({ trusting, hosts, slowsHidden }) {
  await needs.chromium();
  const options = new chrome.Options().addArguments(...CHROMIUM);
  // Chromium refuses to run as root inside its sandbox.
  if (process.getuid?.() === 0) options.addArguments("--no-sandbox");
  options.setBinaryPath(onPath("chromium")).setAcceptInsecureCerts(trusting);
  if (hosts.length > 0)
    options.addArguments(`--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(",")}`);
  // What speaks BiDi is a hidden page of the driver, for whose sake none is slowed down.
  if (slowsHidden) options.excludeSwitches("disable-background-timer-throttling");
  else options.set("webSocketUrl", true);
  const preferences = new logging.Preferences();
  preferences.setLevel(logging.Type.BROWSER, logging.Level.SEVERE);
  options.setLoggingPrefs(preferences);
  const service = new chrome.ServiceBuilder(onPath("chromedriver"));
  const builder = new Builder().forBrowser(Browser.CHROME);
  const starting = builder.setChromeOptions(options).setChromeService(service).build();
  return slowsHidden ? { driver: await starting, entries: [] } : listening(starting);
}

async function openFirefox({ trusting, hosts }) {
  await needs.firefox();
  await needs.geckodriver();
  const options = new firefox.Options().addArguments("-headless");
  options.setBinary(onPath("firefox")).set("webSocketUrl", true);
  options.setAcceptInsecureCerts(trusting);
  if (hosts.length > 0) options.setPreference("network.dns.localDomains", hosts.join(","));
  const service = new firefox.ServiceBuilder(onPath("geckodriver"));
  return listening(
    new Builder().forBrowser(Browser.FIREFOX).setFirefoxOptions(options).setFirefoxService(service).build(),
  );
}

async function openWebKitGtk({ trusting }) {
  await needs.webkit();
  return openWebKit({ trusting });
}

async function listening(starting) {
  const driver = await starting;
  const session = { driver, entries: [] };
  try {
    const inspector = await LogInspector(driver);
    const add = ({ level, text }) => session.entries.push({ level, text });
    await inspector.onConsoleEntry(add);
    await inspector.onJavascriptLog(add);
  } catch (error) {
    await driver.quit();
    throw error;
  }
  return session;
}

/** What Chromium itself complains of: a file that is not there, or a policy that forbids something. */
async function refusals(driver, browserName) {
  if (browserName !== "chromium") return [];
  const entries = await driver.manage().logs().get(logging.Type.BROWSER);
  return entries.map(({ message }) => message);
}
