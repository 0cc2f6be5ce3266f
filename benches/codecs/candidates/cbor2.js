export { decode, encode } from "cbor2";
