import { WireError } from "./errors.ts";
import { utf8Length } from "./utf8.ts";

/** What a WebSocket can send. */
export type Raw = string | ArrayBuffer | ArrayBufferView | Blob;

/** Turns messages into what a WebSocket sends, and what arrives into messages. */
export interface Codec<In = unknown, Out = In> {
  encode(message: Out): Raw;
  /** Text arrives as a string, binary as bytes. */
  decode(data: string | Uint8Array): In;
  /**
   * What a session takes for all that is no message of the wire's own: requests, answers, what is on channels.
   * Default: this codec.
   */
  readonly bare?: Codec<any, any>;
}

export type CodecName = keyof typeof CODECS;

/** One `TextDecoder` for all: it keeps nothing between calls. */
const utf8 = new TextDecoder("utf-8", { fatal: true });
const text = (data: string | Uint8Array): string => (typeof data === "string" ? data : utf8.decode(data));
const bytes = (data: string | Uint8Array): Uint8Array =>
  typeof data === "string" ? new TextEncoder().encode(data) : data;
const asIs = (message: unknown): Raw => message as Raw;

export const CODECS = {
  /** Any JSON value, one to a text message. The default. */
  json: {
    encode: (message: unknown) => JSON.stringify(message) as Raw,
    decode: (data) => JSON.parse(text(data)),
  },
  /** Strings. Binary that arrives is read as UTF-8. */
  text: { encode: asIs, decode: text },
  /** Buffers, views or Blobs out; `Uint8Array` in. Text that arrives is turned into UTF-8. */
  bytes: { encode: asIs, decode: bytes },
  /** As `bytes`, with a `Blob` in. */
  blob: { encode: asIs, decode: (data) => new Blob([data as BlobPart]) },
  /** Whatever a WebSocket takes, and what arrives untouched: text as a string, binary as `Uint8Array`. */
  raw: { encode: asIs, decode: (data) => data },
} satisfies Record<string, Codec>;

/** What cannot be encoded is given back with the error, but for greetings: they may be tokens. */
export const encode = <In, Out>(
  codec: Codec<In, Out>,
  message: Out,
  back: { data?: Out } = { data: message },
): Raw => {
  try {
    const data: unknown = codec.encode(message);
    if (typeof data === "string" || byteLength(data) !== undefined) return data as Raw;
    const given = data === null ? "null" : typeof data;
    throw new TypeError(`The codec gave ${given}; a WebSocket sends strings, buffers, views and Blobs.`);
  } catch (cause) {
    throw new WireError("InvalidMessage", { ...back, cause });
  }
};

/** Bytes on the wire; undefined for what a WebSocket cannot send. */
export const byteLength = (data: unknown): number | undefined => {
  if (typeof data === "string") return utf8Length(data);
  const buffer: unknown = ArrayBuffer.isView(data) ? data.buffer : data;
  // One that was given away has no bytes, and is not sent as if it were empty: `slice` throws.
  if (buffer instanceof ArrayBuffer) return (data as ArrayBuffer).byteLength || buffer.slice(0).byteLength;
  return data instanceof Blob ? data.size : undefined;
};

/** Data that the application cannot change any more, for as long as it waits. */
export const keep = (data: Raw): Raw => {
  if (ArrayBuffer.isView(data))
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
  return data instanceof ArrayBuffer ? data.slice(0) : data;
};
