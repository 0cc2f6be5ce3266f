import Socket from "everwire/websocket";
import { like } from "./socket.js";

export const open = like((url) => Object.assign(new Socket(url), { binaryType: "arraybuffer" }));
