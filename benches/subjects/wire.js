// Room for whatever a bench sends at once; how much that is, the bench bounds itself.
const queue = { maxMessages: 1_000_000, maxBytes: 256 << 20 };

/** The public API, with a callback a message. */
export const through = (Class) => async (url, receive) => {
  const wire = new Class(url, { codec: "raw", queue });
  wire.on(receive);
  await wire.ready();
  return {
    send: (data) => wire.send(data),
    waiting: () => wire.queuedBytes + wire.bufferedAmount,
    close: () => wire.close(),
    wire,
  };
};
