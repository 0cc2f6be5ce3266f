// The build makes the module `#ranges` from what the core answers: what each number of the options may be, in the
// core's order, as its smallest and largest value and 1 where `Infinity` is allowed too.
declare const ranges: readonly (readonly [min: number, max: number, unlimited: number])[];
export default ranges;
