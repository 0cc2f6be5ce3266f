// Messages by their discriminant, as types: what `on(type, handler)` takes, and what its handler gets.

/** The values that `on` takes for a type: those of the unions' discriminants, or any if it is not one that has some. */
export type Tag<In> = unknown extends In
  ? string | number
  : [Tags<Extract<In, object>>] extends [never]
    ? string | number
    : Tags<Extract<In, object>>;

/** The values of those fields that every member has, and that are literals in every one. */
type Tags<In, Field extends keyof In = keyof In> = Field extends unknown ? Literals<In[Field]> : never;
type Literals<Value> = string extends Value
  ? never
  : number extends Value
    ? never
    : Extract<Value, string | number>;

/** The members of a union whose field takes this value; messages of no such type stay whole. */
export type Tagged<In, Value> = [Of<In, Value>] extends [never] ? In : Of<In, Value>;
type Of<In, Value> = In extends object
  ? { [Field in keyof In]-?: Value extends In[Field] ? Discriminant<In, In[Field]> : never }[keyof In]
  : never;
type Discriminant<In, Type> = Type extends string | number
  ? string extends Type
    ? never
    : number extends Type
      ? never
      : In
  : never;

/** A handler of messages. Where messages are acknowledged, it gets what does that. */
export type Handles<Message, Event> = 0 extends 1 & Event
  ? (message: Message) => void
  : "ack" extends keyof Event
    ? (message: Message, context: { readonly ack?: () => void }) => void
    : (message: Message) => void;
