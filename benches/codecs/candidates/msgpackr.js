// The build that compiles no strings, since a strict Content-Security-Policy refuses that; without its own records,
// which other MessagePack libraries do not read.
import { Packr } from "msgpackr/index-no-eval";

const packr = new Packr({ useRecords: false });
export const encode = (message) => packr.pack(message);
export const decode = (bytes) => packr.unpack(bytes);
