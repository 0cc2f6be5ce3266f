// The browsers that the tests run in, with the drivers that steer them.
import { Failure } from "../failure.mjs";
import { output } from "../process.mjs";
import { programs } from "./programs.mjs";

export async function chromium() {
  await browserPrograms({ chromium: "chromium", chromedriver: "chromium-driver" });
  const [browser, driver] = await Promise.all([major("chromium"), major("chromedriver")]);
  if (browser === driver) return;
  throw new Failure(
    `chromium is version ${browser} but chromedriver is version ${driver}: a driver steers only its own version. ` +
      "Install both from the same place (on Debian: apt-get install chromium chromium-driver).",
  );
}

export async function firefox() {
  await browserPrograms({ firefox: "firefox-esr" });
}

/** WebKitGTK under an X server without a screen; its browser is a page of gjs, GNOME's JavaScript. */
export async function webkit() {
  await browserPrograms({
    WebKitWebDriver: "webkit2gtk-driver",
    Xvfb: "xvfb",
    gjs: "gjs",
    "WebKit2-4.1.typelib": "gir1.2-webkit2-4.1",
  });
}

/** How what does not know `--version` shows that it is here. */
const SIGNS = {
  WebKitWebDriver: ["WebKitWebDriver", "--help"],
  Xvfb: ["Xvfb", "-help"],
  "WebKit2-4.1.typelib": ["gjs", "-c", 'imports.gi.versions.WebKit2 = "4.1"; imports.gi.WebKit2;'],
};

const browserPrograms = (wanted) => programs(wanted, { who: "The browser tests", signs: SIGNS });

async function major(program) {
  return /(\d+)\.\d+/.exec((await output(program, ["--version"])) ?? "")?.[1];
}
