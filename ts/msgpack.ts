/**
 * MessagePack as a codec: `new Wire(url, { codec: msgpack })`.
 * @module
 */
import { binary, bytesOf, entriesOf, isRecord, Reader, smallest, unencodable, Writer } from "./binary.ts";
import type { Codec } from "./codec.ts";

/** A type of the application's own, as a MessagePack extension. */
export interface MsgpackExtension<T = unknown> {
  /** 0 to 127; the negative ones belong to MessagePack. */
  readonly type: number;
  /** Whether a value is of this type. Asked of every object before anything else. */
  is(value: object): boolean;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export interface MsgpackOptions {
  /** Default: none. An extension that is not among them cannot be decoded. */
  // `any`: each extension has a type of its own.
  readonly extensions?: readonly MsgpackExtension<any>[];
  /** Decode maps as `Map`, which allows keys of any type. Default `false`: as objects. */
  readonly maps?: boolean;
}

const TIMESTAMP = 0xff;
const SECOND = 1_000;

/** MessagePack, with its defaults. Messages are typed by the `Wire`; nothing is checked at run time. */
export const msgpack: Codec<any> = msgpackWith({});

/** MessagePack with extensions, or with maps as `Map`. */
export function msgpackWith({ extensions = [], maps = false }: MsgpackOptions): Codec<any> {
  return binary(
    (to, message) => write(to, message, extensions),
    (from) => {
      const next = (): unknown => read(from, next, extensions, maps);
      return next();
    },
  );
}

function write(to: Writer, value: unknown, extensions: readonly MsgpackExtension<any>[]): void {
  switch (typeof value) {
    case "string":
      return to.text(value, (length) => head(to, length, 0xa0, 32, 0xd9));
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(to, value) : float(to, value);
    case "boolean":
      return to.u8(value ? 0xc3 : 0xc2);
    case "undefined":
      return to.u8(0xc0);
    case "bigint":
      return big(to, value);
    case "object":
      return value === null ? to.u8(0xc0) : object(to, value, extensions);
  }
  throw unencodable(value);
}

function object(to: Writer, value: object, extensions: readonly MsgpackExtension<any>[]): void {
  const extension = extensions.find((one) => one.is(value));
  if (extension) return extended(to, extension.type, extension.encode(value));
  if (Array.isArray(value)) {
    head(to, value.length, 0x90, 16, 0xdb);
    return to.nested(() => value.forEach((item) => write(to, item, extensions)));
  }
  const bytes = bytesOf(value);
  if (bytes) {
    head(to, bytes.length, 0, 0, 0xc4);
    return to.raw(bytes);
  }
  if (value instanceof Date) return timestamp(to, value.getTime());
  if (!isRecord(value)) throw unencodable(value);
  const entries = entriesOf(value);
  head(to, entries.length, 0x80, 16, 0xdd);
  to.nested(() => {
    for (const [key, inner] of entries) {
      write(to, key, extensions);
      write(to, inner, extensions);
    }
  });
}

/** Lengths under `small` within the first byte; `large` is the byte before one of 8 bits, or would be. */
function head(to: Writer, length: number, fixed: number, small: number, large: number): void {
  if (length < small) return to.u8(fixed | length);
  // Arrays and maps have no length of 8 bits.
  if (length < 0x100 && large < 0xda) {
    to.u8(large);
    return to.u8(length);
  }
  if (length < 0x1_0000) {
    to.u8(large + 1);
    return to.u16(length);
  }
  to.u8(large + 2);
  to.u32(length);
}

function integer(to: Writer, value: number): void {
  if (value >= 0) {
    if (value < 0x80) return to.u8(value);
    if (value < 0x100) return to.u16(0xcc00 | value);
    if (value < 0x1_0000) return (to.u8(0xcd), to.u16(value));
    if (value < 0x1_0000_0000) return (to.u8(0xce), to.u32(value));
  } else {
    if (value >= -0x20) return to.u8(value);
    if (value >= -0x80) return (to.u8(0xd0), to.u8(value));
    if (value >= -0x8000) return (to.u8(0xd1), to.u16(value));
    if (value >= -0x8000_0000) return (to.u8(0xd2), to.u32(value));
  }
  big(to, BigInt(value));
}

function big(to: Writer, value: bigint): void {
  if (BigInt.asUintN(64, value) === value) to.u8(0xcf);
  else if (BigInt.asIntN(64, value) === value) to.u8(0xd3);
  else throw new RangeError("MessagePack has integers of 64 bits; this bigint needs more.");
  to.u64(BigInt.asUintN(64, value));
}

function float(to: Writer, value: number): void {
  to.u8(0xcb);
  to.f64(value);
}

/** In the shortest of the three forms that holds it. */
function timestamp(to: Writer, millis: number): void {
  if (Number.isNaN(millis)) throw new RangeError("An invalid Date cannot be encoded.");
  const seconds = Math.floor(millis / SECOND);
  const nanos = (millis - seconds * SECOND) * 1_000_000;
  const bytes = new Writer();
  if (seconds < 0 || seconds >= 2 ** 34) {
    bytes.u32(nanos);
    bytes.u64(BigInt.asUintN(64, BigInt(seconds)));
  } else if (nanos || seconds >= 2 ** 32) bytes.u64((BigInt(nanos) << 34n) | BigInt(seconds));
  else bytes.u32(seconds);
  extended(to, TIMESTAMP, bytes.written);
}

function extended(to: Writer, type: number, bytes: Uint8Array): void {
  const fixed = [1, 2, 4, 8, 16].indexOf(bytes.length);
  if (fixed >= 0) to.u8(0xd4 + fixed);
  else head(to, bytes.length, 0, 0, 0xc7);
  to.u8(type);
  to.raw(bytes);
}

function read(
  from: Reader,
  next: () => unknown,
  extensions: readonly MsgpackExtension<any>[],
  maps: boolean,
): unknown {
  const first = from.u8();
  if (first < 0x80) return first;
  if (first < 0x90) return from.fields(first & 15, next, maps);
  if (first < 0xa0) return from.list(first & 15, next);
  if (first < 0xc0) return from.text(first & 31);
  if (first >= 0xe0) return first - 0x100;
  const extension = (length: number) => {
    const type = from.u8();
    const bytes = from.raw(length);
    if (type === TIMESTAMP) return date(bytes);
    const known = extensions.find((one) => one.type === type);
    if (known) return known.decode(bytes);
    throw new TypeError(`Extension ${type} is not known; the option extensions names those that are.`);
  };
  switch (first) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return from.raw(from.u8());
    case 0xc5:
      return from.raw(from.u16());
    case 0xc6:
      return from.raw(from.u32());
    case 0xc7:
      return extension(from.u8());
    case 0xc8:
      return extension(from.u16());
    case 0xc9:
      return extension(from.u32());
    case 0xca:
      return from.f32();
    case 0xcb:
      return from.f64();
    case 0xcc:
      return from.u8();
    case 0xcd:
      return from.u16();
    case 0xce:
      return from.u32();
    case 0xcf:
      return smallest(from.u64());
    case 0xd0:
      return from.i8();
    case 0xd1:
      return from.i16();
    case 0xd2:
      return from.i32();
    case 0xd3:
      return smallest(from.i64());
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extension(1 << (first - 0xd4));
    case 0xd9:
      return from.text(from.u8());
    case 0xda:
      return from.text(from.u16());
    case 0xdb:
      return from.text(from.u32());
    case 0xdc:
      return from.list(from.u16(), next);
    case 0xdd:
      return from.list(from.u32(), next);
    case 0xde:
      return from.fields(from.u16(), next, maps);
    case 0xdf:
      return from.fields(from.u32(), next, maps);
  }
  throw new TypeError("The byte 0xc1 is no MessagePack.");
}

/** To the millisecond, as a Date has it. */
function date(bytes: Uint8Array): Date {
  const from = new Reader(bytes);
  if (bytes.length === 4) return new Date(from.u32() * SECOND);
  if (bytes.length === 8) {
    const both = from.u64();
    return moment(Number(both & 0x3_ffff_ffffn), Number(both >> 34n));
  }
  if (bytes.length !== 12) throw new RangeError(`A timestamp has 4, 8 or 12 bytes, not ${bytes.length}.`);
  const nanos = from.u32();
  return moment(Number(from.i64()), nanos);
}

const moment = (seconds: number, nanos: number): Date =>
  new Date(seconds * SECOND + Math.floor(nanos / 1_000_000));
