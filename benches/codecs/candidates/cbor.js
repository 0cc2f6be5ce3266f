import { cbor } from "../../../pkg/cbor.js";

export const { encode, decode } = cbor;
