/** Error codes of JSON-RPC 2.0, section 5.1. From -32099 to -32000 they are the server's; beyond -32768, the application's. */
export const JsonRpcCode = {
  /** What arrived is no JSON. */
  ParseError: -32700,
  /** What arrived is no request. */
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  /** The method failed, and nothing is told of why. */
  InternalError: -32603,
  /** Of this side: too many requests are being worked on. */
  ServerBusy: -32000,
} as const;

/** An error object of JSON-RPC: what the other side answered, or what a handler throws to answer it. */
export class JsonRpcError extends Error {
  override readonly name = "JsonRpcError";
  readonly code: number;
  /** What else is told, if anything. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
