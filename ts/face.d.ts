import type { WireError } from "./errors.ts";

/** What the core calls; see src/web/js/face.rs. It may not throw: an exception would end the wasm instance. */
export interface Hears {
  hear(
    what: number,
    a: number,
    b: number,
    c: number,
    cause: number,
    code: number,
    clean: number,
    /** By its number; from a core elsewhere, as it is. */
    reason: number | string,
  ): number | undefined;
  /** The instance has died; `loud` if the application is to hear of it. */
  lost(error: WireError, loud: boolean): void;
}

/** What a core calls, be it here or elsewhere. */
export function call(wire: number, ...heard: Parameters<Hears["hear"]>): number | undefined;
export function read(place: number): number | undefined;

export function begin(): void;
export function share(memory: WebAssembly.ExportValue | undefined): void;
export function view(at: number, length: number): Uint8Array<ArrayBuffer>;
export function everyone(): Hears[];
export function adopt(number: number, wire: Hears, forget: () => void): void;
export function lay(numbers: readonly number[]): void;
export function layReason(reason: string): void;
export function laidReason(): string;
export function cut(reason: string): string;

export function give(socket: WebSocket, data: unknown): number;

export interface Clock {
  alarm(millis: number): void;
  later(): void;
  stop(): void;
}
export function clock(wake: () => void, look: () => void): Clock;

// Of browser.js, where each is described.
type Handler<Type extends Event> = (event: Type) => void;
export function attach(
  socket: WebSocket,
  open: () => void,
  message: Handler<MessageEvent>,
  error: () => void,
  close: Handler<CloseEvent>,
): void;
export function detach(socket: WebSocket): void;
export function buffered(socket: WebSocket): number;
export function close(socket: WebSocket, code?: number, reason?: string): void;
export function listen(on: boolean, heard: Handler<Event>): void;
export function moment(event?: Event): number;
export function slept(): number;
export function refusal(thrown: unknown, urlIsGood: boolean): number;
