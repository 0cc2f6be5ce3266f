// The browser's own socket.
import { like } from "./socket.js";

export const open = like((url) => Object.assign(new WebSocket(url), { binaryType: "arraybuffer" }));
