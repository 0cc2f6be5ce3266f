/** Tells what is being done. It goes to standard error, so that standard output holds results alone. */
export const say = (text) => console.error(text);
