// What is encoded and decoded: messages as applications send them, near 100 B, 1 kB and 10 kB as JSON.

const order = (i) => ({
  id: 900_000 + i * 37,
  symbol: ["EURUSD", "GBPJPY", "BTCEUR", "XAUUSD"][i % 4],
  side: i % 2 ? "buy" : "sell",
  price: 1_000 + i * 12.0625,
  quantity: (i + 1) * 250,
  filled: i % 3 === 0,
  note: i % 5 ? null : "good till cancelled",
});

export const messages = {
  "100 B": {
    type: "cursor",
    user: "u-18273",
    x: 512.25,
    y: 381.5,
    at: 1_763_800_000_123,
    buttons: [0, 1],
    seen: true,
  },
  "1 KB": {
    type: "message",
    room: "general",
    id: 81_273_645,
    from: { id: "u-18273", name: "Zoë Ångström", roles: ["member", "moderator"] },
    text:
      "Did anybody look at the latency after yesterday's release? The p99 in Frankfurt went from 38 to 52 ms, " +
      "while Dublin stayed where it was. I have put the histograms beside the ticket – „später“ is fine. 🙂",
    mentions: Array.from({ length: 10 }, (_, i) => ({
      id: `u-${10_000 + i * 77}`,
      from: i * 20,
      to: i * 20 + 9,
    })),
    reactions: { "👍": 4, "🎉": 1, "👀": 2 },
    edited: null,
    attachments: Array.from({ length: 2 }, (_, i) => ({
      name: `histogram-${i}.png`,
      bytes: 48_211 + i,
      width: 1_280,
      height: 720,
    })),
    sentAt: 1_763_800_000_123,
  },
  "10 KB": { type: "orders", page: 3, of: 17, orders: Array.from({ length: 87 }, (_, i) => order(i)) },
};
