// The build that compiles no strings, since a strict Content-Security-Policy refuses that; without its own records,
// which other CBOR libraries do not read.
import { Encoder } from "cbor-x/index-no-eval";

const encoder = new Encoder({ useRecords: false, mapsAsObjects: true });
export const encode = (message) => encoder.encode(message);
export const decode = (bytes) => encoder.decode(bytes);
