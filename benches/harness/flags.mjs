/** What lets a page collect its garbage and tell its size. */
export const MEMORY = ["--js-flags=--expose-gc", "--enable-precise-memory-info"];
