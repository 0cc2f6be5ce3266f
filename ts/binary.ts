// What the binary codecs share: a buffer that grows, a cursor that does not run past the end, and what an object is.
import type { Codec } from "./codec.ts";

/** Messages nest no deeper: more is an attack, or a cycle. */
const DEEPEST = 512;
/** Up to here, looking at each character is faster than calling TextEncoder or TextDecoder. */
const SHORT = 24;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #depth = 0;

  /** What has been written. The buffer is nobody else's. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  u64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, value);
  }

  f32(value: number): void {
    const at = this.#take(4);
    this.#view.setFloat32(at, value);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** UTF-8 behind its head, whose size depends on the length in bytes. */
  text(text: string, head: (length: number) => void): void {
    const from = this.#at;
    head(text.length);
    const start = this.#at;
    this.#take(text.length * 3);
    const length =
      ascii(text, this.#bytes, start) ?? encoder.encodeInto(text, this.#bytes.subarray(start)).written;
    this.#at = from;
    if (length === text.length) {
      this.#at = start + length;
      return;
    }
    // Not ASCII: the head may be larger than was thought, by two bytes at most.
    const aside = start + 2;
    this.#bytes.copyWithin(aside, start, start + length);
    head(length);
    this.#bytes.copyWithin(this.#at, aside, aside + length);
    this.#at += length;
  }

  /** Runs `write` one level deeper. */
  nested(write: () => void): void {
    this.#depth = deeper(this.#depth);
    write();
    this.#depth--;
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    // Room for a head that turns out larger.
    if (this.#at + 8 > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#at + 8));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A view of the message, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(length: number): string {
    const at = this.#take(length);
    let text = "";
    for (let i = at; length <= SHORT; i++) {
      if (i === at + length) return text;
      const byte = this.#bytes[i] as number;
      if (byte > 0x7f) break;
      text += String.fromCharCode(byte);
    }
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  /** So many times what `read` reads. No room is made for what a head only claims. */
  list(count: number, read: () => unknown): unknown[] {
    this.#claimed(count);
    this.#depth = deeper(this.#depth);
    const list: unknown[] = [];
    for (let i = 0; i < count; i++) list.push(read());
    this.#depth--;
    return list;
  }

  /** So many keys and values, as an object, or as a `Map` if wanted. */
  fields(count: number, read: () => unknown, asMap: boolean): object {
    this.#claimed(2 * count);
    this.#depth = deeper(this.#depth);
    const fields = asMap ? new Map<unknown, unknown>() : {};
    for (let i = 0; i < count; i++) put(fields, read(), read());
    this.#depth--;
    return fields;
  }

  /** Runs `read` one level deeper. */
  nested<T>(read: () => T): T {
    this.#depth = deeper(this.#depth);
    const value = read();
    this.#depth--;
    return value;
  }

  /** Every item has a byte at least, so a head that claims more than is left lies. */
  #claimed(count: number): void {
    if (count > this.left)
      throw new RangeError(`${count} items are announced and ${this.left} bytes are left.`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.left)
      throw new RangeError(`The message ends after ${this.#bytes.length} bytes, in the middle.`);
    this.#at += count;
    return at;
  }
}

/** Puts a field into an object or a `Map`. */
export function put(fields: object, key: unknown, value: unknown): void {
  if (fields instanceof Map) fields.set(key, value);
  else if (key === "__proto__")
    Object.defineProperty(fields, key, { value, configurable: true, enumerable: true, writable: true });
  else if (typeof key === "string" || typeof key === "number")
    (fields as Record<string, unknown>)[key] = value;
  else
    throw new TypeError(`A key is neither text nor a number but ${typeof key}. The option maps gives Maps.`);
}

/** A codec whose messages are binary: each is one value, as `write` writes and `read` reads it. */
export function binary(
  write: (to: Writer, message: unknown) => void,
  read: (from: Reader) => unknown,
): Codec<any> {
  return {
    encode(message) {
      const writer = new Writer();
      write(writer, message);
      return writer.written as Uint8Array<ArrayBuffer>;
    },
    decode(data) {
      if (typeof data === "string") throw new TypeError("A text message arrived; this codec's are binary.");
      const reader = new Reader(data);
      const value = read(reader);
      if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left behind the message.`);
      return value;
    },
  };
}

/** The bytes of any buffer or view; undefined for anything else. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** What an object or a `Map` holds. As in JSON, a property that is undefined is left out. */
export function entriesOf(value: object): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  return Object.entries(value).filter(([, inner]) => inner !== undefined);
}

/** A number where it is exact, else the bigint itself. */
export function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What has no fields to speak of would arrive as an empty object. */
export function unencodable(value: unknown): TypeError {
  const what = typeof value === "object" ? Object.prototype.toString.call(value) : `a ${typeof value}`;
  return new TypeError(`${what} cannot be encoded.`);
}

/** Whether fields are all there is to it. */
export const isRecord = (value: object): boolean =>
  value instanceof Map || Object.prototype.toString.call(value) === "[object Object]";

function deeper(depth: number): number {
  if (depth < DEEPEST) return depth + 1;
  throw new RangeError(`The message nests deeper than ${DEEPEST} levels.`);
}

/** Writes short ASCII; undefined for any other text. */
function ascii(text: string, bytes: Uint8Array, at: number): number | undefined {
  if (text.length > SHORT) return undefined;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return undefined;
    bytes[at + i] = unit;
  }
  return text.length;
}
