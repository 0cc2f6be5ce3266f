/**
 * A promise of what events will tell. What listens `until` it is settled listens no longer then; and it rejects with the
 * reason of `signal` when that is aborted.
 */
export const waits = <T>(
  signal: AbortSignal | undefined,
  wait: (
    resolve: (value: T) => void,
    until: { readonly signal: AbortSignal },
    reject: (error: unknown) => void,
  ) => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // It has a `signal`, which is all that listeners want of their options.
    const over = new AbortController();
    const fail = (error: unknown) => (over.abort(), reject(error));
    signal?.addEventListener("abort", () => fail(signal.reason), over);
    wait((value) => (over.abort(), resolve(value)), over, fail);
  });
