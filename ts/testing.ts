/**
 * A server and a clock to test your own code against: no network, no waiting. For `everwire`, `everwire/websocket` and
 * anything else that takes a class of WebSocket's shape.
 * @module
 */
export { FakeClock } from "./fake-clock.ts";
export {
  type FakeAnswer,
  type FakeClose,
  type FakeConnection,
  type FakeData,
  FakeServer,
} from "./fake-server.ts";
