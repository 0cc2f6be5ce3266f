// What arktype's own types take from Node.
declare module "buffer" {
  export const Blob: typeof globalThis.Blob;
  export const File: typeof globalThis.File;
}
