// What leaves and arrives as bytes.
import { type Codec, encode, type Raw } from "../codec.ts";
import { WireError } from "../errors.ts";

/** RFC 6455, section 1.9. Both ends name it. */
export const SUBPROTOCOL = "everwire.v1";

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** As `encode`, for what crosses into the wasm: text is well-formed, and there is no Blob, whose bytes come later. */
export const encoded = <In, Out>(codec: Codec<In, Out>, message: Out): Raw => {
  const data = encode(codec, message);
  if (typeof data === "string") return wellFormed(data);
  if (!(data instanceof ArrayBuffer || ArrayBuffer.isView(data))) {
    const cause = new TypeError("A session sends no Blob. Take its bytes first: await blob.arrayBuffer().");
    throw new WireError("InvalidMessage", { cause, data: message });
  }
  return data;
};

/** What UTF-8 makes of it, which has no lone surrogates. */
export const wellFormed = (text: string): string =>
  (text as { toWellFormed?(): string }).toWellFormed?.() ?? text.replace(/\p{Surrogate}/gu, "\ufffd");

/** What a codec gave that is no text. */
export const bytesOf = (data: unknown): Uint8Array => {
  if (data instanceof Uint8Array) return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array((data ?? 0) as ArrayBuffer);
};

/** Fills the wasm's memory; how many bytes it took. */
export const fill = (into: Uint8Array, data: unknown): number => {
  if (typeof data === "string") return encoder.encodeInto(data, into).written;
  into.set(bytesOf(data).subarray(0, into.length));
  return into.length;
};

/** Throws if it is none. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** The number of the channel that something is to go on; 0 for none. Throws if that is shut. */
export const channelOf = ({ channel }: { channel?: { readonly number: number } }): number => {
  const number = channel ? channel.number : 0;
  if (number >= 0) return number;
  throw new WireError("InvalidOption", { text: "The channel is shut. Open another with channel()." });
};
