// The same messages, as three libraries check them: prices with a date that is text on the wire, and trades; watches, whose
// depth may be left out. Bundled for the pages, which find no packages.
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

export const libraries = {
  zod: {
    receive: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("price"),
        bid: z.number(),
        at: z.iso.datetime().transform((at) => new Date(at)),
      }),
      z.object({ type: z.literal("trade"), id: z.number() }),
    ]),
    send: z.object({ type: z.literal("watch"), symbol: z.string(), depth: z.number().default(5) }),
  },
  valibot: {
    receive: v.variant("type", [
      v.object({
        type: v.literal("price"),
        bid: v.number(),
        at: v.pipe(
          v.string(),
          v.isoTimestamp(),
          v.transform((at) => new Date(at)),
        ),
      }),
      v.object({ type: v.literal("trade"), id: v.number() }),
    ]),
    send: v.object({ type: v.literal("watch"), symbol: v.string(), depth: v.optional(v.number(), 5) }),
  },
  arktype: {
    receive: type({ type: "'price'", bid: "number", at: "string.date.iso.parse" }).or({
      type: "'trade'",
      id: "number",
    }),
    send: type({ type: "'watch'", symbol: "string", depth: "number = 5" }),
  },
};

/** Two that check asynchronously; of the second, nobody is to hear. */
export const asynchronous = {
  zod: z.string().refine(async () => true),
  failing: {
    "~standard": { version: 1, vendor: "tests", validate: () => Promise.reject(new Error("too late")) },
  },
};
