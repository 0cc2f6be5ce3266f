// Who this visitor is to the others: a name that a reload keeps, and a mark that no other page has.

const NAMES = [
  "Ada",
  "Ben",
  "Cleo",
  "Dora",
  "Emil",
  "Fay",
  "Gus",
  "Hana",
  "Ivo",
  "Jun",
  "Kai",
  "Lea",
  "Mia",
  "Noor",
  "Ole",
];
const LONGEST = 20;

export const who = Math.random().toString(36).slice(2, 8);

/** The mark of this page's robot, which has a wire of its own. */
export const ROBOT = `robot-${who}`;
export const isRobot = (mark) => mark.startsWith("robot-");

export function visitorsName() {
  const name = sessionStorage.getItem("name") ?? NAMES[Math.floor(Math.random() * NAMES.length)];
  sessionStorage.setItem("name", name);
  return name;
}

export function renameVisitor(name) {
  sessionStorage.setItem("name", name.slice(0, LONGEST));
}

/** A member's name holds both: `Ada~k3f9zq`. */
export function memberName(name, mark = who) {
  return `${name.slice(0, LONGEST)}~${mark}`;
}

/** Who takes part, by mark: names that were given by others, so of any shape. */
export function namesByMark(members) {
  const names = new Map();
  for (const { name = "" } of members) {
    const cut = name.lastIndexOf("~");
    if (cut >= 0) names.set(name.slice(cut + 1), name.slice(0, cut));
  }
  return names;
}

/** A colour that is always the same for the same mark. */
export function hue(mark) {
  let sum = 0;
  for (const letter of mark) sum = (sum * 31 + letter.charCodeAt(0)) % 3_600;
  return String((sum * 137) % 360);
}
