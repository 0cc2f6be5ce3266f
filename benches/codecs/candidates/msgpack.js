import { msgpack } from "../../../pkg/msgpack.js";

export const { encode, decode } = msgpack;
