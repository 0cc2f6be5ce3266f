import type { WebSocketClass } from "../options.ts";

/** What a page has in the place of the socket, which is the worker's. What it is given to send goes into `sink`. */
export class StandIn {
  /** The one constructed last, for who had it constructed. */
  static latest: StandIn | undefined = undefined;
  /** This one is constructed for its own sake: nothing is dialed. */
  static quiet = false;
  /** What the worker's constructor threw, the next one here throws. */
  static refusal: { readonly error: unknown } | undefined = undefined;

  readonly url: string;
  readonly protocols: string[];
  protocol = "";
  extensions = "";
  /** As the worker last told. */
  buffered = 0;
  sink: ((data: unknown) => void) | undefined;
  /** Makes the worker tell again. */
  sample: () => void = () => {};
  onmessage: ((event: MessageEvent) => void) | null = null;

  constructor(url: string, protocols: string[] = []) {
    const { refusal } = StandIn;
    StandIn.refusal = undefined;
    if (refusal) throw refusal.error;
    // In the worker a relative URL would be relative to its script.
    this.url = absolute(url);
    this.protocols = protocols;
    StandIn.latest = this;
  }

  get readyState(): number {
    return this.sink ? 1 : 0;
  }

  get bufferedAmount(): number {
    this.sample();
    return this.buffered;
  }

  send(data: unknown): void {
    this.sink?.(data);
  }

  close(): void {}

  /** Whether every ping is to be asked for. */
  get asksForPings(): boolean {
    return false;
  }

  /** The page was too slow for what arrived. */
  behind(): void {}
}

/** Such sockets for one wire. */
export const standIns = (asksForPings: boolean, behind: () => void): WebSocketClass =>
  class extends StandIn {
    override get asksForPings(): boolean {
      return asksForPings;
    }

    override behind(): void {
      behind();
    }
  };

const absolute = (url: string): string => {
  try {
    return new URL(url, globalThis.location?.href).href;
  } catch {
    return url;
  }
};
