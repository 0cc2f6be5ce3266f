// What the engines do differently, as far as a test can tell: whatever is written here is asserted, in every engine.
// For users, docs/engines.md.

const most = {
  /** Codes of a server's close that the page hears; any other code reaches it as 1006. */
  hears: (code) => code <= 1014 || code >= 3000,
  /** A dial fails if subprotocols were offered and the server chose none. */
  needsSubprotocol: false,
  /** `bufferedAmount` counts what a server that stopped reading has not taken. */
  seesStall: true,
  /** After a connection that broke without a close frame, the next dial to the same path waits for 200 to 400 ms. */
  holdsBackAfterCut: false,
  /** What the constructor does where connect-src forbids the connection. */
  blockedByPolicy: "closed",
  /** What the constructor does where a page loaded by https may not open ws. */
  mixedContent: "SecurityError",
  /** This machine is exempt from that. */
  loopbackIsSafe: true,
  /** The close code of a connection whose certificate nobody vouches for. */
  badCertificate: 1006,
  /** A WebSocket to another site carries the cookies that site has marked `SameSite=None`. */
  sendsCookiesAcrossSites: false,
  /** A test can say that a host is this machine. */
  mapsHosts: true,
  /** WebDriver can take the network away; elsewhere the page is told that it is gone. */
  networkSwitch: false,
  /** A page with an open wire that is left can be found again as it was; elsewhere the connection prevents it. */
  keepsPagesWithWires: true,
  /** Pages can be frozen, and are told. */
  freezes: false,
  /** Whatever else there is to do, a worker's socket goes on while the page that started the worker stands still. */
  workersOutrunPages: false,
  /** WebDriver can ask for a garbage collection, and how much memory is in use. */
  measuresHeap: false,
};

export const engines = {
  chromium: {
    ...most,
    needsSubprotocol: true,
    networkSwitch: true,
    freezes: true,
    workersOutrunPages: true,
    measuresHeap: true,
  },
  firefox: {
    ...most,
    holdsBackAfterCut: true,
    blockedByPolicy: "NS_ERROR_CONTENT_BLOCKED",
    badCertificate: 1015,
    networkSwitch: true,
    keepsPagesWithWires: false,
  },
  webkit: {
    ...most,
    // libsoup takes the younger codes for a breach of the protocol.
    hears: (code) => most.hears(code) && ![1012, 1013, 1014].includes(code),
    // What its network process has taken is no longer counted, and that one takes everything.
    seesStall: false,
    blockedByPolicy: "SecurityError",
    mixedContent: "error while connecting",
    loopbackIsSafe: false,
    sendsCookiesAcrossSites: true,
    mapsHosts: false,
  },
};

/** The engine that runs this page. */
export function engineHere({ userAgent } = navigator) {
  if (userAgent.includes("Firefox/")) return engines.firefox;
  return userAgent.includes("Chrome/") ? engines.chromium : engines.webkit;
}
