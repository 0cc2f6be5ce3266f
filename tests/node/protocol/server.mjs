// A server of everwire.v1 in another language, by the nine steps of PROTOCOL.md's section 12. It echoes messages, volatile
// ones too, and answers requests: `echo`, and `parts`, whose answer is in as many parts as asked for.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import { Fault, frame, isNumbered, readFrame, record } from "./bytes.mjs";

const MAX_FRAME = 4096;
const WINDOW = 8192;
const [NEW, RESUMED, UNKNOWN, EXPIRED, ROLLED_BACK] = [0, 1, 2, 3, 4];
const CODES = {
  normal: 1,
  superseded: 2,
  protocol: 4,
  too_big: 10,
  credit_violation: 11,
};
const NO_METHOD = 3;

/** What the server keeps of a session: step 3. */
class Session {
  id = randomBytes(16);
  secret = randomBytes(16);
  fence = 0;
  connection;
  /** Accepted as it arrives: the last number, and the octets so far. */
  received = 0;
  octets = 0;
  granted = WINDOW;
  /** Encoded records after the last acknowledged one. */
  held = [];
  acked = 0;
  /** Octets of all that was acknowledged. */
  ackedOctets = 0;
  sent = 0;
  credit = 0;
  asked = 0;
  channels = new Set();
  lastChannel = 0;
  confirmed = false;
  heard = [];

  get last() {
    return this.acked + this.held.length;
  }

  bind(type, fields) {
    this.held.push(record(type, fields));
  }

  acknowledged({ to, credit }) {
    if (to > this.sent) throw new Fault(CODES.protocol, "never written");
    for (; this.acked < to; this.acked++) this.ackedOctets += this.held.shift().length;
    this.credit = Math.max(this.credit, credit);
  }
}

export class Server {
  sessions = new Map();
  tombstones = new Map();
  #sockets = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: (offered) => offered.has("everwire.v1") && "everwire.v1",
  });

  constructor() {
    this.#sockets.on("connection", (socket) => this.#serve(socket));
  }

  static async start() {
    const server = new Server();
    await once(server.#sockets, "listening");
    return server;
  }

  get url() {
    return `ws://127.0.0.1:${this.#sockets.address().port}`;
  }

  /** Breaks every connection. */
  cut() {
    for (const socket of this.#sockets.clients) socket._socket.destroy();
  }

  /** Ends every session, with a tombstone or without. */
  forget(proof) {
    for (const [name, session] of this.sessions)
      if (proof)
        this.tombstones.set(name, { secret: session.secret, recv: session.received, next: session.last + 1 });
    this.sessions.clear();
    this.cut();
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#sockets.close(resolve));
  }

  #serve(socket) {
    let session;
    let heard = false;
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      try {
        if (!isBinary) throw new Fault(CODES.protocol, "text");
        if (!session) session = this.#greet(socket, data);
        else if (session.connection === socket) {
          if (!heard) session.older?.forEach((older) => end(older, CODES.superseded));
          heard = true;
          this.#take(session, data);
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        end(socket, error.code, session?.connection === socket ? session.received : 0);
      }
    });
    socket.on("close", () => {
      if (session?.connection === socket) session.connection = undefined;
    });
  }

  /** Steps 1, 2 and 4. */
  #greet(socket, data) {
    const { records, base, ack, fault } = readFrame(data);
    const [hello] = records;
    if (fault) throw fault;
    if (records.length !== 1 || hello.type !== "HELLO" || base || ack)
      throw new Fault(CODES.protocol, "no HELLO");
    if (hello.credit < hello.max_frame || !hello.fence)
      throw new Fault(CODES.protocol, "a HELLO that cannot be");
    const name = hello.session.toString("hex");
    const found = this.sessions.get(name);
    const grave = this.tombstones.get(name);
    const knows = (it) => it && timingSafeEqual(it.secret, hello.secret);
    let [status, tombstone] = [UNKNOWN, undefined];
    if (!Number(`0x${name}`)) status = NEW;
    else if (knows(grave)) [status, tombstone] = [EXPIRED, grave];
    else if (knows(found)) {
      if (hello.fence <= found.fence) throw new Fault(CODES.superseded, "");
      status = hello.first > found.received + 1 || hello.recv > found.sent ? ROLLED_BACK : RESUMED;
    }
    const session = status === RESUMED ? found : new Session();
    if (status === ROLLED_BACK) this.sessions.delete(name);
    if (status === RESUMED) session.acknowledged({ to: hello.recv, credit: hello.credit });
    else session.credit = status === NEW ? hello.credit : hello.max_frame;
    this.sessions.set(session.id.toString("hex"), session);
    session.older = [...(session.older ?? []), session.connection].filter(Boolean);
    Object.assign(session, {
      fence: hello.fence,
      connection: socket,
      maxFrame: hello.max_frame,
      sent: session.acked,
    });
    const proof = tombstone
      ? record("PONG", { token: tombstone.recv + 1, hold_us: tombstone.next }).subarray(2)
      : [0];
    const welcome = {
      ...{ version: 1, status, session: session.id, secret: session.secret },
      ...{
        first: session.acked + 1,
        next: session.last + 1,
        recv: session.received,
        credit: session.granted,
      },
      ...{ max_frame: MAX_FRAME, resume_ms: 60_000, ping_ms: 25_000, idle_ms: 60_000, auth_ttl_ms: 0 },
      ...{ tombstone: proof[0], proof: proof.slice(1) },
    };
    socket.send(frame([record("WELCOME", welcome)]));
    this.#flush(session);
    return session;
  }

  /** Step 5. */
  #take(session, data) {
    if (data.length > MAX_FRAME) throw new Fault(CODES.too_big, "");
    const { records, base, ack, fault } = readFrame(data);
    if (ack) session.acknowledged(ack);
    session.confirmed ||= !!ack;
    let number = base;
    const plain = [];
    for (const it of records) {
      if (!isNumbered(it)) plain.push(...this.#hear(session, it));
      else {
        if (!number || !session.confirmed) throw new Fault(CODES.protocol, "a number, or none");
        if (number > session.received + 1) throw new Fault(CODES.protocol, "a gap");
        if (number++ <= session.received) continue;
        if (session.octets + it.length > session.granted) throw new Fault(CODES.credit_violation, "");
        this.#accept(session, it);
        session.received += 1;
        session.octets += it.length;
      }
    }
    if (fault) throw fault;
    this.#flush(session, plain);
  }

  #accept(session, it) {
    const { type, channel, id, payload } = it;
    const never = () => {
      throw new Fault(CODES.protocol, `${type} of what never was`);
    };
    if (type === "OPEN") {
      if (channel <= session.lastChannel) never();
      session.lastChannel = channel;
      session.channels.add(channel);
      return session.bind("OPEN", { channel, name: "", payload: it.name, text: true });
    }
    if (channel > session.lastChannel) never();
    if (type === "MSG") {
      session.heard.push(payload.toString());
      if (!channel || session.channels.has(channel)) session.bind("MSG", it);
    } else if (type === "SHUT") session.channels.delete(channel);
    else if (type === "REQ") {
      if (id <= session.asked) never();
      session.asked = id;
      if (it.method === "echo") return session.bind("RES", { ...it, status: 0 });
      if (it.method !== "parts")
        return session.bind("RES", { id, status: NO_METHOD, payload: it.method, text: true });
      const count = Number(payload.toString());
      for (let part = 1; part <= count; part++)
        session.bind("RES", { id, status: 0, payload: String(part), text: true, more: part < count });
    } else if (type === "CANCEL" && id > session.asked) never();
  }

  /** Plain records, and those that answer them. */
  #hear(session, { type, token, text, payload, code, flags }) {
    if (type === "PING") return [record("PONG", { token })];
    if (type === "VOL") return [record("VOL", { payload, text })];
    if (type === "CLOSE") {
      if (flags & 2) {
        this.sessions.delete(session.id.toString("hex"));
        end(session.connection, CODES.normal, session.received, 2);
      } else session.connection.close(4000 + code);
      session.connection = undefined;
    } else if (!["PONG", "EXT", "AUTH"].includes(type))
      throw new Fault(CODES.protocol, `${type} from a client`);
    return [];
  }

  /** Step 6: what may be written, in frames of their own where it is much. */
  #flush(session, plain = []) {
    if (!session.connection) return;
    session.granted = session.octets + WINDOW;
    const ack = { to: session.received, credit: session.granted };
    let octets = session.ackedOctets;
    session.held.slice(0, session.sent - session.acked).forEach(({ length }) => (octets += length));
    do {
      const [base, records] = [session.sent + 1, []];
      let size = 25 + plain.reduce((sum, { length }) => sum + length, 0);
      for (let next; (next = session.held[session.sent - session.acked]); session.sent++) {
        size += next.length;
        if (size > session.maxFrame || octets + next.length > session.credit) break;
        octets += next.length;
        records.push(next);
      }
      session.connection.send(
        frame([...plain, ...records], { base: records.length ? base : undefined, ack }),
      );
      plain = [];
      if (!records.length) break;
    } while (session.sent < session.last);
  }
}

function end(socket, code, recv = 0, flags = 0) {
  socket.send(frame([record("CLOSE", { code, flags, retry_after_ms: 0, recv })]));
  socket.close(4000 + code);
}
