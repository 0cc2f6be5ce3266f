// Pages that share a browser with those of other tests: a browser takes seconds to start, a tab does not. Each has cookies,
// storage and workers of its own. A test that changes more than its page, or that hides it, takes `withPage`.
import { after } from "node:test";
import { command, openBrowser, visit, withPage } from "./browser.mjs";

/** By name, browsers that wait for their next page. */
const idle = new Map();

after(async () => {
  for (const { driver } of idle.values()) await driver.quit();
});

/** Opens `url` in a tab of its own and runs `body(driver, log)`, as `withPage` does. */
export async function withTab(browserName, url, body) {
  // WebKit starts as fast as a tab opens elsewhere.
  if (browserName === "webkit") return withPage(browserName, url, body);
  const session = idle.get(browserName) ?? (await openBrowser(browserName));
  idle.delete(browserName);
  let reusable = false;
  try {
    const close = await openTab(session);
    const result = await visit(session, url, body);
    await close();
    reusable = !idle.has(browserName);
    return result;
  } finally {
    if (reusable) idle.set(browserName, session);
    else await session.driver.quit();
  }
}

async function openTab(session) {
  const { driver } = session;
  session.entries = [];
  const home = await driver.getWindowHandle();
  const { userContext } = await command(driver, "browser.createUserContext", {});
  const { context } = await command(driver, "browsingContext.create", { type: "tab", userContext });
  await driver.switchTo().window(context);
  return async () => {
    await command(driver, "browser.removeUserContext", { userContext });
    await driver.switchTo().window(home);
  };
}
