// What the compiler tells those who use everwire/testing: this compiles, or the test fails.
import { Wire } from "everwire";
import { FakeClock, type FakeClose, type FakeConnection, type FakeData, FakeServer } from "everwire/testing";
import Reconnecting from "everwire/websocket";

declare function takes<T>(value: T): void;

const server = new FakeServer();
new Wire("wss://example.org/", { WebSocket: server.WebSocket });
new Reconnecting("wss://example.org/", { WebSocket: server.WebSocket });
globalThis.WebSocket = server.WebSocket;
takes<WebSocket>(new server.WebSocket("wss://example.org/", ["chat"]));

server.answer = "hang";
server.answer = (connection) => connection.accept(connection.protocols[0]);
// @ts-expect-error there is no such answer
server.answer = "perhaps";
server.message = (connection, data) => connection.send(data as string);
server.latency = 40;

const connection: FakeConnection = await server.connection();
takes<FakeData>(await connection.message());
takes<{ type: string }>(await connection.json<{ type: string }>());
const { signal } = new AbortController();
takes<FakeConnection>(await server.connection({ signal }));
takes<FakeData>(await connection.message({ signal }));
takes<number>(await connection.json<number>({ signal }));
takes<FakeClose>(await connection.closed);
connection.send(new Uint8Array(1).subarray(1));
connection.sendJson({ type: "welcome" });
connection.close(4401, "expired");
// @ts-expect-error what is sent is text or bytes
connection.send({ type: "welcome" });
// @ts-expect-error connections are the server's to make
takes<undefined>(connection.dial);

const clock = new FakeClock();
takes<void>(await clock.advance(1_000));
takes<number>(await clock.next());
takes<number>(clock.timers);
takes<Disposable>(clock);
// @ts-expect-error it takes a time
void clock.advance();

export {};
