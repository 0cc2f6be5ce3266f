// Frames and records of everwire.v1, written from PROTOCOL.md alone, sections 3 to 5.
const [BASE, ACK] = [1, 2];
const [TEXT, CHANNEL, MORE] = [0x20, 0x40, 0x80];
const NAMES =
  ", HELLO, WELCOME, MSG, VOL, REQ, RES, CANCEL, OPEN, SHUT, PING, PONG, AUTH, AUTHED, GOAWAY, CLOSE, EXT".split(
    ", ",
  );
const FLAGS = { MSG: TEXT | CHANNEL, VOL: TEXT | CHANNEL, REQ: TEXT | CHANNEL, RES: TEXT | MORE, OPEN: TEXT };
const NUMBERED = new Set(["MSG", "REQ", "RES", "CANCEL", "OPEN", "SHUT"]);

/** What each body is made of: `name:` has its length before it, `...name` is all that is left. */
const BODIES = {
  HELLO: "version_min version_max session* secret* fence first next recv credit max_frame idle_ms ...token",
  WELCOME:
    "version status session* secret* first next recv credit max_frame resume_ms ping_ms idle_ms auth_ttl_ms tombstone ...proof",
  MSG: "...payload",
  VOL: "...payload",
  REQ: "id timeout_ms method: ...payload",
  RES: "id status ...payload",
  CANCEL: "id",
  OPEN: "channel name: ...payload",
  SHUT: "channel code ...reason",
  PING: "token",
  PONG: "token hold_us",
  AUTH: "...token",
  AUTHED: "status ttl_ms",
  GOAWAY: "code grace_ms min_ms jitter_ms ...reason",
  CLOSE: "code flags retry_after_ms recv ...reason",
  EXT: "id ...octets",
};

export const isNumbered = ({ type }) => NUMBERED.has(type);

export class Fault extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}
/** What stands in every version is looked at before the rest is read. */
function checkVersion({ type, version_min: min, version_max: max }) {
  if (type === "HELLO" && (min > 1 || max < 1)) fault("no version is spoken by both", 14);
}

const fault = (text, code = 4) => {
  throw new Fault(code, text);
};

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get done() {
    return this.at === this.bytes.length;
  }

  take(length) {
    if (this.at + length > this.bytes.length) fault("it ends too early");
    return this.bytes.subarray(this.at, (this.at += length));
  }

  integer() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const [octet] = this.take(1);
      value += (octet & 127) * factor;
      if (value > Number.MAX_SAFE_INTEGER || factor > 2 ** 49) fault("too large an integer");
      if (octet < 128) return octet === 0 && factor > 1 ? fault("too long an integer") : value;
    }
  }
}

function integer(value) {
  const octets = [];
  for (; value > 127; value = Math.floor(value / 128)) octets.push((value % 128) + 128);
  return [...octets, value];
}

/** The head and the records of a frame. What follows a fault is not read; the fault comes with what stands before it. */
export function readFrame(bytes) {
  const reader = new Reader(bytes);
  const [head] = reader.take(1);
  if (head & ~(BASE | ACK)) fault("unknown bits");
  const frame = { records: [] };
  if (head & BASE) frame.base = reader.integer() || fault("base 0");
  if (head & ACK) frame.ack = { to: reader.integer(), credit: reader.integer() };
  try {
    while (!reader.done) frame.records.push(readRecord(reader));
  } catch (error) {
    frame.fault = error;
  }
  return frame;
}

function readRecord(from) {
  const start = from.at;
  const [kind] = from.take(1);
  const type = NAMES[kind & 31] || fault("no such type");
  if (kind & 0xe0 & ~(FLAGS[type] ?? 0)) fault("no such flag");
  const body = new Reader(from.take(from.integer()));
  const record = { type, text: !!(kind & TEXT), more: !!(kind & MORE), length: from.at - start, channel: 0 };
  if (kind & CHANNEL) record.channel = body.integer() || fault("channel 0");
  for (const field of BODIES[type].split(" ")) {
    const name = field.replace(/[.*:]/g, "");
    if (field.startsWith("...")) record[name] = body.take(body.bytes.length - body.at);
    else if (field.endsWith("*")) record[name] = body.take(16);
    else if (field.endsWith(":")) record[name] = new TextDecoder().decode(body.take(body.integer()));
    else record[name] = body.integer();
    if (name === "version_max") checkVersion(record);
  }
  return body.done ? record : fault("too long a body");
}

export function record(type, fields) {
  const body = [];
  if (FLAGS[type] & CHANNEL && fields.channel) body.push(...integer(fields.channel));
  for (const field of BODIES[type].split(" ")) {
    const value = fields[field.replace(/[.*:]/g, "")] ?? 0;
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    if (field.startsWith("...")) body.push(...(bytes || []));
    else if (field.endsWith("*")) body.push(...bytes);
    else if (field.endsWith(":")) body.push(...integer(bytes.length ?? 0), ...(bytes || []));
    else body.push(...integer(value));
  }
  let kind = NAMES.indexOf(type);
  if (fields.text && FLAGS[type] & TEXT) kind |= TEXT;
  if (fields.channel && FLAGS[type] & CHANNEL) kind |= CHANNEL;
  if (fields.more) kind |= MORE;
  return Uint8Array.from([kind, ...integer(body.length), ...body]);
}

export function frame(records, { base, ack } = {}) {
  const head = [(base ? BASE : 0) | (ack ? ACK : 0)];
  if (base) head.push(...integer(base));
  if (ack) head.push(...integer(ack.to), ...integer(ack.credit));
  return Buffer.concat([Uint8Array.from(head), ...records]);
}
