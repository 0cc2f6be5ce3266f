// The browsers that the tests run in, with the drivers that steer them.
import { existsSync } from "node:fs";
import { Failure } from "../failure.mjs";
import { output, run } from "../process.mjs";
import { say } from "../say.mjs";

export async function chromium() {
  await programs({ chromium: "chromium", chromedriver: "chromium-driver" });
  const [browser, driver] = await Promise.all([major("chromium"), major("chromedriver")]);
  if (browser === driver) return;
  throw new Failure(
    `chromium is version ${browser} but chromedriver is version ${driver}: a driver steers only its own version. ` +
      "Install both from the same place (on Debian: apt-get install chromium chromium-driver).",
  );
}

export async function firefox() {
  await programs({ firefox: "firefox-esr" });
}

/** WebKitGTK under an X server without a screen; its browser is a page of gjs, GNOME's JavaScript. */
export async function webkit() {
  await programs({
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

/** `wanted` maps a program to the Debian package that holds it. */
async function programs(wanted) {
  const missing = await absent(wanted);
  if (missing.length === 0) return;
  const packages = missing.map((program) => wanted[program]);
  const mayInstall = existsSync("/etc/debian_version") && process.getuid?.() === 0;
  if (mayInstall) {
    say(`set-up: installing ${packages.join(", ")}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
  }
  const still = await absent(wanted);
  if (still.length === 0) return;
  throw new Failure(
    `Not found: ${still.join(", ")}. The browser tests need ${still.length > 1 ? "them" : "it"}. ` +
      `On Debian or Ubuntu run: sudo apt-get install ${packages.join(" ")}. ` +
      `Elsewhere install ${still.join(" and ")} and put programs on PATH.`,
  );
}

async function absent(wanted) {
  const missing = [];
  for (const program of Object.keys(wanted)) {
    const [command, ...args] = SIGNS[program] ?? [program, "--version"];
    if ((await output(command, args)) === undefined) missing.push(program);
  }
  return missing;
}

async function major(program) {
  return /(\d+)\.\d+/.exec((await output(program, ["--version"])) ?? "")?.[1];
}
