// What rustc emits for this target beyond the first WebAssembly, and what every browser of the last years takes.
// Allowing binaryen more (or --all-features) makes it write what browsers refuse.
const FEATURES = {
  MutableGlobals: "mutable-globals",
  SignExt: "sign-ext",
  NontrappingFPToInt: "nontrapping-float-to-int",
  BulkMemory: "bulk-memory",
  BulkMemoryOpt: "bulk-memory-opt",
  CallIndirectOverlong: "call-indirect-overlong",
  Multivalue: "multivalue",
  ReferenceTypes: "reference-types",
};

/** As options of wasm-opt. */
export const featureOptions = [
  "--mvp-features",
  ...Object.values(FEATURES).map((name) => `--enable-${name}`),
];

/** As the set that binaryen's JavaScript takes. */
export const featureSet = (binaryen) =>
  Object.keys(FEATURES).reduce((set, name) => set | binaryen.Features[name], binaryen.Features.MVP);
