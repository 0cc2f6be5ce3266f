/** What an error says whose cause only the core of a session has. In its order, after those of every wire. */
export const OF_SESSIONS = {
  Draining: "",
  ProtocolViolated:
    "The server broke the session protocol everwire.v1; close.code says how. Look for what it is that speaks it.",
  NoSession:
    "The server opened the connection and did not choose the subprotocol everwire.v1. Connect to a server that keeps sessions, or use Wire of everwire.",
  NoWelcome:
    "The connection opened, and the server did not welcome the session within reconnect.connectTimeout. The wire tries again; messages wait in its queue.",
};
