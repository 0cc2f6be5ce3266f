import { Decoder, Encoder } from "@msgpack/msgpack";

const encoder = new Encoder();
const decoder = new Decoder();
export const encode = (message) => encoder.encode(message);
export const decode = (bytes) => decoder.decode(bytes);
