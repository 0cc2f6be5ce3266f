/** Of a request. */
export interface RequestOptions {
  /** Milliseconds until nobody waits for the answer any more; at most 2,147,483,647, or `Infinity`. Default: that of all. */
  timeout?: number;
  /** Gives the request up when aborted: it rejects with the signal's reason, and is taken back if it still waits. */
  signal?: AbortSignal;
}

/** Of all requests. */
export interface RequestsOptions {
  /** Milliseconds until nobody waits for an answer any more. Default 30,000. */
  timeout?: number;
  /** Requests that may wait for an answer at a time; one more is refused. Default 1,000. */
  maxPending?: number;
  /** Requests of the other side that may be worked on at a time; one more fails. Default 1,000. */
  maxServing?: number;
}

/** A request of the other side's. */
export interface Asked {
  /** Aborted when nobody waits for the answer any more: the connection that brought the request is gone. */
  readonly signal: AbortSignal;
}
