// What Web IDL and the WebSockets standard do with arguments: converted and checked at once, and refused by the standard's names.
import { utf8Length } from "../utf8.ts";

/** What can be sent, as a WebSocket is given it. */
export type Sendable = string | ArrayBuffer | ArrayBufferView | Blob;

export const refuse = (name: string, text: string): never => {
  throw new DOMException(text, name);
};

/** A URL as a WebSocket has it (WHATWG WebSockets, section 3.1). */
export const socketUrl = (given: string): string => {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  let url: URL;
  try {
    url = new URL(given, base);
  } catch {
    return refuse("SyntaxError", "This is no URL.");
  }
  url.protocol = url.protocol.replace("http", "ws");
  if (!/^wss?:$/.test(url.protocol))
    refuse("SyntaxError", "A WebSocket's URL begins with ws:, wss:, http: or https:.");
  if (url.href.includes("#")) refuse("SyntaxError", "A WebSocket's URL has no fragment.");
  return url.href;
};

/** One text or several; none for null, as those have it whom this class replaces. */
export const texts = (given: unknown): string[] => {
  const several = typeof given === "object" && given !== null && Symbol.iterator in given;
  return several
    ? Array.from(given as Iterable<unknown>, (text) => `${text}`)
    : given == null
      ? []
      : [`${given}`];
};

/** Subprotocols: tokens of RFC 9110, none twice. */
export const subprotocols = (names: string[]): string[] => {
  if (new Set(names).size < names.length || names.some((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name)))
    refuse("SyntaxError", "Subprotocols are distinct names without spaces, commas or slashes.");
  return names;
};

/** `[Clamp] unsigned short`: the nearest there is, and of two the even one. */
const clamped = (given: unknown): number => {
  // What is no number is told by a TypeError, which a bigint is by nothing else.
  const number = Math.min(Math.max(+(given as number) || 0, 0), 65_535);
  const rounded = Math.round(number);
  return rounded - number === 0.5 && rounded % 2 ? rounded - 1 : rounded;
};

/** A code to close with, 0 for none, and a reason. */
export const closing = (code: unknown, reason: unknown): { code: number; reason: string } => {
  const given = code === undefined ? 0 : clamped(code);
  const text = reason === undefined ? "" : `${reason}`;
  if (code !== undefined && given !== 1_000 && !(given >= 3_000 && given < 5_000))
    refuse("InvalidAccessError", "close() takes code 1000 or 3000 to 4999.");
  if (utf8Length(text) > 123) refuse("SyntaxError", "A reason has at most 123 bytes of UTF-8.");
  return { code: given || (text && 1_000) || 0, reason: text };
};

const kind = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Of any realm. What is none of these is text. */
export const sendable = (given: unknown): Sendable => {
  if (typeof given === "string" || /^(ArrayBuffer|Blob|File)$/.test(kind(given))) return given as Sendable;
  if (!ArrayBuffer.isView(given)) return `${given}`;
  if (kind(given.buffer) === "SharedArrayBuffer") throw new TypeError("Shared memory cannot be sent.");
  return given;
};

/** The same, as it was when it was sent, for as long as it waits. */
export const kept = (data: Sendable): Sendable => {
  if (ArrayBuffer.isView(data))
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
  return typeof data !== "string" && "slice" in data && !("size" in data) ? data.slice(0) : data;
};

/** Bytes on the wire. */
export const sizeOf = (data: Sendable): number => {
  if (typeof data === "string") return utf8Length(data);
  return "size" in data ? data.size : data.byteLength;
};
