/**
 * Messages that are checked, by any Standard Schema: `new Wire(url, { codec: validated({ receive, send }) })`.
 * @module
 */
import { type Codec, type CodecName, CODECS, type Raw } from "./codec.ts";
import type { SchemaIssue, StandardSchema } from "./standard-schema.ts";

export type { Codec, CodecName, Raw } from "./codec.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";

export interface Schemas<In, Out> {
  /** What arrives must fit it, and handlers get what it makes of that. Default: nothing is checked. */
  receive?: StandardSchema<any, In>;
  /** What is sent must fit it, and what it makes of that is encoded. Default: nothing is checked. */
  send?: StandardSchema<Out, any>;
  /** What the messages look like on the wire. Default `"json"`. */
  codec?: CodecName | Codec<any, any>;
}

/** A message does not fit a schema, or the schema cannot say so at once. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  /** As the schema tells them; none if it checks asynchronously. */
  readonly issues: readonly SchemaIssue[];
  /** The message: to be sent, or as the codec decoded it. */
  readonly value: unknown;

  /** @internal */
  constructor(text: string, issues: readonly SchemaIssue[], value: unknown) {
    super(text);
    this.issues = issues;
    this.value = value;
  }
}

/** So much of what is wrong is in the text of an error; the rest is in its issues. */
const SHOWN = 3;
const LONGEST = 200;

/**
 * A codec that checks. A message that does not fit makes `send` throw `InvalidMessage`, one that arrives becomes an `error`
 * event with the code `Undecodable`; the `cause` of either is a `SchemaError`. Schemas must check synchronously.
 * Throws a `TypeError` if something else than a Standard Schema is given.
 */
export function validated<In = unknown, Out = unknown>({
  receive,
  send,
  codec = "json",
}: Schemas<In, Out>): Codec<In, Out> {
  for (const [name, schema] of Object.entries({ receive, send })) checkSchema(name, schema);
  const bare = (typeof codec === "string" ? CODECS[codec] : codec) as Codec<unknown> | undefined;
  if (!bare) throw new TypeError(`codec must be ${Object.keys(CODECS).join(", ")} or a codec.`);
  return {
    bare,
    encode: (message): Raw => bare.encode(send ? check(send, message, "send") : message),
    decode: (data): In => {
      const message = bare.decode(data);
      return (receive ? check(receive, message, "receive") : message) as In;
    },
  };
}

function checkSchema(name: string, schema: Partial<StandardSchema> | undefined): void {
  if (schema === undefined || typeof schema?.["~standard"]?.validate === "function") return;
  throw new TypeError(
    `${name} must be a Standard Schema (https://standardschema.dev), such as one of zod, valibot or arktype.`,
  );
}

function check(schema: StandardSchema<any, unknown>, value: unknown, name: string): unknown {
  const standard = schema["~standard"];
  const result = standard.validate(value);
  if (result instanceof Promise) {
    // What it says comes too late, and nobody is to be told that nobody listened.
    result.catch(() => {});
    throw new SchemaError(
      `The schema ${name} (${standard.vendor}) checks asynchronously; messages would lose their order. Take the asynchronous part out of it, and do that where the message is used.`,
      [],
      value,
    );
  }
  if (!result.issues) return result.value;
  throw new SchemaError(
    `The message does not fit the schema ${name} (${standard.vendor}): ${describe(result.issues)}.`,
    result.issues,
    value,
  );
}

/** Some libraries make arrays of a class of their own, whose `map` makes another: these are copied first. */
function describe(issues: readonly SchemaIssue[]): string {
  const shown = [...issues].slice(0, SHOWN).map(({ path = [], message }) => {
    const place = [...path].map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    // Some say it in the message, too.
    return (message.startsWith(place) ? message : `${place}: ${message}`).slice(0, LONGEST);
  });
  const more = issues.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
