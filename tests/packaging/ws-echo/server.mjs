import { WebSocketServer } from "ws";

export const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => {
  socket.on("message", (message) => socket.send(`Echo: ${message}`));
});
