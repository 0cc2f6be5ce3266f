// For comparison: what the wire does without a codec.
export const encode = (message) => JSON.stringify(message);
export const decode = (text) => JSON.parse(text);
