import { io } from "socket.io-client";

export const options = { transports: ["websocket"], forceNew: true };

export const open = (url, receive) =>
  new Promise((resolve, reject) => {
    const { origin, searchParams } = new URL(url);
    const socket = io(origin, { ...options, query: Object.fromEntries(searchParams) });
    socket.on("message", receive);
    socket.on("connect_error", reject);
    socket.on("connect", () =>
      resolve({
        send: (data) => socket.emit("message", data),
        // What it has written itself it does not count.
        waiting: () =>
          socket.io.engine.transport.ws.bufferedAmount + (socket.io.engine.writeBuffer.length << 10),
        close: () => socket.close(),
        socket,
      }),
    );
  });
