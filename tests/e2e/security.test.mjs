// TLS, what pages may not do, tokens and the Origin check, in real browsers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { engines } from "./pages/engines.js";
import { scenarios as secrets } from "./pages/scenarios/secrets.js";
import { scenarios as tls } from "./pages/scenarios/tls.js";
import { scenarios as tokens } from "./pages/scenarios/tokens.js";
import { startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";

const TEST_HOST = "everwire.test";
const serve = [["/e2e", "tests/e2e/pages"]];
const [overWss, large, unknownCertificate, mixedContent, loopback, overHttp, byPolicy] = Object.keys(tls);

// Of one site, as names end alike, and one that is not of it.
const VICTIM = "app.everwire.localhost";
const NEIGHBOUR = "pages.everwire.localhost";
const STRANGER = "evil.localhost";

let peer;
let careless;
let careful;
before(async () => {
  const start = (...flags) => startPeer({ serve, flags: ["--tls-port", "0", ...flags] });
  peer = await start();
  careless = await start("--allow-origin", "*");
  careful = await start("--allow-origin", `https://${VICTIM}:*`);
});
after(() => Promise.all([peer, careless, careful].map((server) => server.stop())));

/** A page of the peer, under another host name if one is given. */
function page(base, query = "", host) {
  const url = new URL(`/e2e/wire.html?${query}`, base);
  if (host) url.hostname = host;
  return url.href;
}

/** Where a page may connect to. */
function socket(base, host) {
  const url = new URL("/ws", base.replace(/^http/, "ws"));
  if (host) url.hostname = host;
  return url.href;
}

const under = (base, host) => Object.assign(new URL(base), { hostname: host }).origin;

async function issue(server) {
  const response = await fetch(`${server.http}/control/bank/issue`, { method: "POST" });
  return (await response.json()).token;
}

inEachBrowser((browser) => {
  const engine = engines[browser];
  // Where no name can be made one of this machine, its own have to do: there they are not exempt.
  const host = engine.mapsHosts ? TEST_HOST : "everwire.localhost";

  describe(`TLS in ${browser}`, () => {
    const trusting = keepOpen((stay) =>
      withPage(browser, page(peer.https), stay, { trusting: true, hosts: [TEST_HOST] }),
    );
    const onPage = (title, url) =>
      it(title, async () => {
        await trusting.driver.get(url());
        await run(trusting.driver, "tls", title);
      });

    onPage(overWss, () => page(peer.https));
    onPage(large, () => page(peer.https));
    onPage(mixedContent, () =>
      page(peer.https, `csp=any-connect&peer=${socket(peer.http, host)}`, "localhost"),
    );
    onPage(overHttp, () => page(peer.http, `csp=any-connect&peer=${socket(peer.http, host)}`));
    onPage(loopback, () => page(peer.https, `peer=${socket(peer.http)}`));
    onPage(byPolicy, () => page(peer.https, `csp=no-connect&peer=${socket(peer.https)}`));

    it(unknownCertificate, () =>
      withPage(browser, page(peer.http, `peer=${socket(peer.https)}`), (driver) =>
        run(driver, "tls", unknownCertificate),
      ),
    );
  });

  describe(`tokens in ${browser}`, () => {
    const plain = keepOpen((stay) => withPage(browser, page(peer.http), stay));
    for (const title of Object.keys(tokens)) it(title, () => run(plain.driver, "tokens", title));
    for (const title of Object.keys(secrets)) it(title, () => run(plain.driver, "secrets", title));
  });

  describe(`cross-site hijacking in ${browser}`, () => {
    const thief = keepOpen((stay) => withPage(browser, page(careless.https), stay, { trusting: true }));
    /** What a page of this host gets out of the victim's server with the victim's cookie, if anything. */
    const loot = async (server, host, login) => {
      const { driver } = thief;
      const victim = under(server.https, VICTIM);
      await driver.get(`${victim}/login?token=${await issue(server)}&${login}`);
      await driver.get(page(server.https, "csp=any-connect", host));
      return driver.executeAsyncScript(
        `const [url, done] = arguments;
        const socket = new WebSocket(url);
        socket.onmessage = ({ data }) => (socket.close(), done(data));
        socket.onclose = ({ code }) => done("closed " + code);`,
        `${victim.replace(/^http/, "ws")}/ws?room=bank&token_in=cookie&say=balance`,
      );
    };

    it("succeeds from a neighbour of the same site where the server does not check Origin, whatever SameSite says", async () => {
      assert.equal(await loot(careless, VICTIM, ""), "balance", "the victim's own page");
      assert.equal(await loot(careless, NEIGHBOUR, ""), "balance");
    });

    it("is refused from a neighbour of the same site where the server checks Origin", async () => {
      assert.equal(await loot(careful, VICTIM, ""), "balance", "the victim's own page");
      assert.equal(await loot(careful, NEIGHBOUR, ""), "closed 1006");
    });

    it("from another site, succeeds with a cookie for all sites where the engine sends one, unless Origin is checked", async () => {
      const lost = engine.sendsCookiesAcrossSites ? "balance" : "closed 1006";
      assert.equal(await loot(careless, STRANGER, "cross_site"), lost);
      assert.equal(await loot(careless, STRANGER, ""), "closed 1006", "SameSite=Lax");
      assert.equal(await loot(careful, STRANGER, "cross_site"), "closed 1006");
    });
  });
});
