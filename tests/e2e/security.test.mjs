// TLS, what pages may not do, tokens and the Origin check, in real browsers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { withPage } from "./browser.mjs";
import { inEachBrowser } from "./in-each-browser.mjs";
import { engines } from "./pages/engines.js";
import { scenarios as tls } from "./pages/scenarios/tls.js";
import { scenarios as tokens } from "./pages/scenarios/tokens.js";
import { startPeer } from "./peer.mjs";
import { keepOpen, run } from "./scenario.mjs";

const TEST_HOST = "everwire.test";
const serve = [["/e2e", "tests/e2e/pages"]];
const [overWss, large, unknownCertificate, mixedContent, loopback, overHttp, byPolicy] = Object.keys(tls);

let peer;
before(async () => {
  peer = await startPeer({ serve, flags: ["--tls-port", "0"] });
});
after(() => peer.stop());

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

inEachBrowser((browser) => {
  const engine = engines[browser];
  // Where no name can be made one of this machine, its own have to do: there they are not exempt.
  const host = engine.mapsHosts ? TEST_HOST : "everwire.localhost";

  describe(`TLS in ${browser}`, () => {
    const trusting = keepOpen(browser, () => page(peer.https), { trusting: true, hosts: [TEST_HOST] });
    before(trusting.open);
    after(trusting.close);
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
    const plain = keepOpen(browser, () => page(peer.http));
    before(plain.open);
    after(plain.close);
    for (const title of Object.keys(tokens)) it(title, () => run(plain.driver, "tokens", title));
  });
});
