import ReconnectingWebSocket from "reconnecting-websocket";
import { like } from "./socket.js";

export const open = like((url) =>
  Object.assign(new ReconnectingWebSocket(url), { binaryType: "arraybuffer" }),
);
