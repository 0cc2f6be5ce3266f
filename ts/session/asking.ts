import { byteLength, keep, type Raw } from "../codec.ts";
import * as core from "../core.ts";
import type { Link, Sending } from "../link.ts";
import { WireError } from "../errors.ts";
import type { Destination } from "../receipt.ts";
import { wrong } from "../options.ts";
import { answered, notSent, type RequestOptions, unanswered } from "../request.ts";
import type { SessionOptions } from "../session-wire.ts";
import { channelOf, encoded, wellFormed } from "./bytes.ts";

/** What hears of an answer. */
interface Asker {
  part(value: unknown, size: number): void;
  end(error?: unknown): void;
}

/** A request: in the queue first, then by its number. */
interface Question extends Sending {
  readonly asker: Asker;
  id: number;
  over: boolean;
}

/** The requests of this side. */
export class Asking<In, Out> {
  readonly #link: Link<In, Out>;
  readonly #options: SessionOptions<In, Out>;
  readonly #asked = new Map<number, Question>();

  constructor(link: Link<In, Out>, options: SessionOptions<In, Out>) {
    this.#link = link;
    this.#options = options;
  }

  /** The last part of the answer. */
  request(method: string, payload: unknown, options: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let last: unknown;
      // It may end before it has begun.
      let cancel: (() => void) | undefined;
      cancel = this.#ask(method, payload, options, {
        part: (value) => (last = value),
        end: (error) => (cancel?.(), error ? reject(error) : resolve(last)),
      });
    });
  }

  /** Each part of the answer. The request is sent when the loop begins, and cancelled if it ends early. */
  async *stream(
    method: string,
    payload: unknown,
    options: RequestOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const { maxMessages = 1_000, maxBytes = 1_048_576 } = this.#options.inbox ?? {};
    const inbox = this.#link.ask(core.OPEN_INBOX, maxMessages, maxBytes);
    const held: [value: unknown, size: number][] = [];
    let wake = () => {};
    let over: { error: unknown } | undefined;
    const cancel = this.#ask(method, payload, options, {
      part: (value, size) => {
        if (this.#link.ask(core.PUSH, inbox, size)) held.push([value, size]);
        wake();
      },
      end: (error) => {
        over = { error };
        wake();
      },
    });
    try {
      for (;;) {
        const next = held.shift();
        const overflowed = this.#link.ask(core.TAKE, inbox, next?.[1]);
        if (next) yield next[0];
        else if (overflowed) throw unanswered("overflow", false);
        else if (!over) await new Promise<void>((resolve) => (wake = resolve));
        else if ((over as { error: unknown }).error) throw (over as { error: unknown }).error;
        else return;
      }
    } finally {
      cancel();
      this.#link.ask(core.CLOSE_INBOX, inbox);
    }
  }

  /** Returns what cancels it. */
  #ask(method: string, payload: unknown, options: RequestOptions, asker: Asker): () => void {
    const link = this.#link;
    const { signal, timeout = this.#options.requestTimeout ?? 30_000 } = options;
    signal?.throwIfAborted();
    const name = wellFormed(method);
    const data = payload === undefined ? "" : encoded(link.codec, payload as Out);
    const length = byteLength(name)!;
    if (!(timeout >= 0)) throw wrong("timeout", "milliseconds, 0 or more", timeout);
    if (length > 1_024) throw wrong("method", "at most 1,024 bytes", method);
    const to: Destination = { channel: channelOf(options), method: name, timeout, bound: false };
    const question: Question = {
      to,
      data,
      leave: undefined,
      asker,
      id: 0,
      over: false,
      settle: (reason) => {
        // In doubt is what nobody answers, too.
        if (reason > 0 && reason < 10) this.#end(question, notSent(reason));
      },
    };
    const aborted = () => {
      if (question.over) return;
      question.over = true;
      cancel();
      asker.end(signal!.reason);
    };
    signal?.addEventListener("abort", aborted);
    let waits = -1;
    const cancel = () => {
      signal?.removeEventListener("abort", aborted);
      if (question.id) this.#asked.delete(question.id) && link.ask(core.CANCEL, question.id);
      else if (waits >= 0 && !to.bound) link.ask(core.WITHDRAW, waits);
    };
    if (!link.core) this.#end(question, notSent(6));
    else {
      waits = link.queue(question, length + byteLength(data)!, 1, timeout, undefined);
      // As a message is, unless it is bound already.
      question.data &&= keep(question.data as Raw);
      if (waits >= 0) to.withdraw = () => link.ask(core.WITHDRAW, waits);
      link.root();
    }
    return cancel;
  }

  #end(question: Question, error?: unknown): void {
    if (question.over) return;
    question.over = true;
    this.#asked.delete(question.id);
    question.asker.end(error);
  }

  // What the core tells.

  asked(sending: Sending | undefined, id: number): undefined {
    const question = sending as Question;
    question.id = id;
    this.#asked.set(id, question);
  }

  answered(id: number, status: number, more: boolean, raw: string | Uint8Array): undefined {
    const question = this.#asked.get(id);
    if (!question) return;
    let value: unknown;
    try {
      value = raw.length > 0 ? this.#link.codec.decode(raw) : undefined;
    } catch (cause) {
      // What an error says may be plain text.
      value = raw;
      if (status === 0) {
        if (more) this.#link.ask(core.CANCEL, id);
        return void this.#end(question, new WireError("Undecodable", { cause, data: raw }));
      }
    }
    if (status > 0) return void this.#end(question, answered(status, value));
    if (more || raw.length > 0) question.asker.part(value, raw.length);
    if (!more) this.#end(question);
  }

  unanswered(id: number, timedOut: boolean): undefined {
    const question = this.#asked.get(id);
    if (question) this.#end(question, unanswered(timedOut ? "timed-out" : "session-lost", true));
  }

  over(): void {
    for (const question of this.#asked.values()) this.#end(question, unanswered("session-lost", true));
  }
}
