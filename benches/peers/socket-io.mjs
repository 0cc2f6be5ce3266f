// A server of socket.io's own that obeys the orders of the native peer's `drill`, over WebSocket alone.
import { createServer } from "node:http";
import { Server } from "socket.io";

const heartbeat = JSON.parse(process.argv[2] ?? "null");
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  cors: { origin: true },
  maxHttpBufferSize: 16 << 20,
  serveClient: false,
  ...(heartbeat && { pingInterval: heartbeat.interval, pingTimeout: heartbeat.timeout }),
});
io.on("connection", (socket) => {
  const isSilent = "silent" in socket.handshake.query;
  let heard = 0;
  socket.on("message", (data) => {
    if (data === "count") {
      socket.emit("message", String(heard));
      heard = 0;
    } else if (typeof data === "string" && data.startsWith("flood ")) {
      const [, times, size, kind] = data.split(" ");
      flood(socket, Number(times), kind === "text" ? "x".repeat(size) : Buffer.alloc(Number(size)));
    } else {
      heard++;
      if (!isSilent) socket.emit("message", data);
    }
  });
});
http.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listening on http://127.0.0.1:${http.address().port}\n`);
});

/** With no more on its way than the native peer lets be. */
function flood(socket, left, message) {
  const transport = socket.conn.transport;
  while (left > 0 && transport.socket.bufferedAmount < 1 << 20) {
    for (let i = 0; i < 256 && left > 0; i++, left--) socket.emit("message", message);
    if (socket.conn.writeBuffer.length > 1_024) break;
  }
  if (left > 0) setImmediate(flood, socket, left, message);
}
