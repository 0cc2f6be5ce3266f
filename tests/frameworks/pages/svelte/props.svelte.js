export const props = $state({ cards: [], label: "" });
