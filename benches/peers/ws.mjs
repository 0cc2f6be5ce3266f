// An echo server of `ws`, as its README has it.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on("listening", () =>
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`),
);
