/**
 * CBOR (RFC 8949) as a codec: `new Wire(url, { codec: cbor })`.
 * @module
 */
import {
  binary,
  bytesOf,
  entriesOf,
  isRecord,
  put,
  type Reader,
  smallest,
  unencodable,
  Writer,
} from "./binary.ts";
import type { Codec } from "./codec.ts";

/** A type of the application's own, as a CBOR tag. */
export interface CborTag<T = unknown> {
  /** RFC 8949, section 3.4. Numbers are registered by IANA. */
  readonly tag: number;
  /** Whether a value is of this type. Asked of every object before anything else. */
  is(value: object): boolean;
  /** What stands behind the tag, itself to be encoded. */
  encode(value: T): unknown;
  decode(value: unknown): T;
}

export interface CborOptions {
  /** Default: none. A tag that is neither among them nor built in cannot be decoded. */
  // `any`: each tag has a type of its own.
  readonly tags?: readonly CborTag<any>[];
  /** Decode maps as `Map`, which allows keys of any type. Default `false`: as objects. */
  readonly maps?: boolean;
}

const DATE_TEXT = 0;
const DATE_SECONDS = 1;
const BIGNUM = 2;
const NEGATIVE_BIGNUM = 3;
/** "This is CBOR", RFC 8949, section 3.4.6. */
const SELF_DESCRIBED = 55_799;
/** Bytes of the largest bignum: arithmetic with larger ones takes time that an attacker chooses. */
const LARGEST_BIGNUM = 1_024;
const BREAK = Symbol("break");

/** CBOR, with its defaults. Messages are typed by the `Wire`; nothing is checked at run time. */
export const cbor: Codec<any> = cborWith({});

/** CBOR with tags, or with maps as `Map`. */
export function cborWith({ tags = [], maps = false }: CborOptions): Codec<any> {
  return binary(
    (to, message) => write(to, message, tags),
    (from) => {
      const item = (): unknown => read(from, item, tags, maps);
      return real(item());
    },
  );
}

function write(to: Writer, value: unknown, tags: readonly CborTag<any>[]): void {
  switch (typeof value) {
    case "string":
      return to.text(value, (length) => head(to, 3, length));
    case "number":
      return number(to, value);
    case "boolean":
      return to.u8(value ? 0xf5 : 0xf4);
    case "undefined":
      return to.u8(0xf7);
    case "bigint":
      return big(to, value);
    case "object":
      return value === null ? to.u8(0xf6) : object(to, value, tags);
  }
  throw unencodable(value);
}

function object(to: Writer, value: object, tags: readonly CborTag<any>[]): void {
  const known = tags.find((one) => one.is(value));
  if (known) {
    head(to, 6, known.tag);
    return to.nested(() => write(to, known.encode(value), tags));
  }
  if (Array.isArray(value)) {
    head(to, 4, value.length);
    return to.nested(() => value.forEach((item) => write(to, item, tags)));
  }
  const bytes = bytesOf(value);
  if (bytes) {
    head(to, 2, bytes.length);
    return to.raw(bytes);
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new RangeError("An invalid Date cannot be encoded.");
    head(to, 6, DATE_SECONDS);
    return number(to, value.getTime() / 1_000);
  }
  if (!isRecord(value)) throw unencodable(value);
  const entries = entriesOf(value);
  head(to, 5, entries.length);
  to.nested(() => {
    for (const [key, inner] of entries) {
      write(to, key, tags);
      write(to, inner, tags);
    }
  });
}

/** A major type and its argument, as short as it can be. */
function head(to: Writer, major: number, argument: number | bigint): void {
  const first = major << 5;
  if (argument < 24) return to.u8(first | Number(argument));
  if (argument < 0x100) return (to.u8(first | 24), to.u8(Number(argument)));
  if (argument < 0x1_0000) return (to.u8(first | 25), to.u16(Number(argument)));
  if (argument < 0x1_0000_0000) return (to.u8(first | 26), to.u32(Number(argument)));
  to.u8(first | 27);
  to.u64(BigInt(argument));
}

function number(to: Writer, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    return value < 0 ? head(to, 1, -1 - value) : head(to, 0, value);
  }
  if (Object.is(Math.fround(value), value)) return (to.u8(0xfa), to.f32(value));
  to.u8(0xfb);
  to.f64(value);
}

function big(to: Writer, value: bigint): void {
  const negative = value < 0n;
  const magnitude = negative ? -1n - value : value;
  if (magnitude < 1n << 64n) return head(to, Number(negative), magnitude);
  const hex = magnitude.toString(16);
  const bytes = hex.padStart(hex.length + (hex.length % 2), "0").match(/../g) ?? [];
  if (bytes.length > LARGEST_BIGNUM) throw new RangeError(`A bigint of more than ${LARGEST_BIGNUM} bytes.`);
  head(to, 6, negative ? NEGATIVE_BIGNUM : BIGNUM);
  head(to, 2, bytes.length);
  to.raw(Uint8Array.from(bytes, (byte) => parseInt(byte, 16)));
}

/** An item, or BREAK. */
function read(from: Reader, item: () => unknown, tags: readonly CborTag<any>[], maps: boolean): unknown {
  const first = from.u8();
  const [major, info] = [first >> 5, first & 31];
  if (major === 7) return simple(from, info);
  if (info === 31) {
    if (major >= 2 && major <= 5) return from.nested(() => indefinite(major, item, maps));
    throw new RangeError("Integers and tags have no indefinite length.");
  }
  const argument = argumentOf(from, info);
  switch (major) {
    case 0:
      return argument;
    case 1:
      return smallest(-1n - BigInt(argument));
    case 2:
      return from.raw(Number(argument));
    case 3:
      return from.text(Number(argument));
    case 4:
      return from.list(Number(argument), () => real(item()));
    case 5:
      return from.fields(Number(argument), () => real(item()), maps);
    default:
      return from.nested(() => tagged(Number(argument), real(item()), tags));
  }
}

/** What stands for itself or for what follows, RFC 8949, section 3. */
function argumentOf(from: Reader, info: number): number | bigint {
  if (info < 24) return info;
  if (info === 24) return from.u8();
  if (info === 25) return from.u16();
  if (info === 26) return from.u32();
  if (info === 27) return smallest(from.u64());
  throw new RangeError(`The additional information ${info} is reserved.`);
}

function simple(from: Reader, info: number): unknown {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
      return null;
    case 23:
      return undefined;
    case 25:
      return half(from.u16());
    case 26:
      return from.f32();
    case 27:
      return from.f64();
    case 31:
      return BREAK;
  }
  throw new TypeError(`The simple value ${info} has no meaning here.`);
}

/** In parts, until a break. */
function indefinite(major: number, item: () => unknown, maps: boolean): unknown {
  if (major === 4) {
    const list: unknown[] = [];
    for (let next = item(); next !== BREAK; next = item()) list.push(next);
    return list;
  }
  if (major === 5) {
    const fields = maps ? new Map<unknown, unknown>() : {};
    for (let key = item(); key !== BREAK; key = item()) put(fields, key, real(item()));
    return fields;
  }
  const parts: unknown[] = [];
  for (let next = item(); next !== BREAK; next = item()) {
    if (major === 3 ? typeof next !== "string" : !(next instanceof Uint8Array)) {
      throw new TypeError("The parts of a string are strings of the same kind.");
    }
    parts.push(next);
  }
  if (major === 3) return parts.join("");
  const bytes = new Writer();
  for (const part of parts) bytes.raw(part as Uint8Array);
  return bytes.written;
}

function tagged(tag: number, value: unknown, tags: readonly CborTag<any>[]): unknown {
  const known = tags.find((one) => one.tag === tag);
  if (known) return known.decode(value);
  if (tag === DATE_SECONDS && typeof value === "number") return date(Math.round(value * 1_000));
  if (tag === DATE_TEXT && typeof value === "string") return date(value);
  if ((tag === BIGNUM || tag === NEGATIVE_BIGNUM) && value instanceof Uint8Array) {
    if (value.length > LARGEST_BIGNUM) throw new RangeError(`A bigint of more than ${LARGEST_BIGNUM} bytes.`);
    const hex = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const magnitude = BigInt(`0x0${hex}`);
    return tag === BIGNUM ? magnitude : -1n - magnitude;
  }
  if (tag === SELF_DESCRIBED) return value;
  throw new TypeError(`Tag ${tag} is not known for this value; the option tags names those that are.`);
}

function date(from: number | string): Date {
  const found = new Date(from);
  if (Number.isNaN(found.getTime())) throw new RangeError("A date that there is not.");
  return found;
}

/** RFC 8949, appendix D. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1_023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1_024 + fraction) * 2 ** (exponent - 25);
}

function real(value: unknown): unknown {
  if (value === BREAK) throw new TypeError("A break stands where a value is due.");
  return value;
}
