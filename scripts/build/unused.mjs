// Private members that nothing reads stay in what minifiers write. In the bundle of sessions they are those of plain wires.

/** The code without them, and without those that only they read. */
export async function withoutUnused(code) {
  const { parse } = await import("acorn");
  for (;;) {
    const unused = unusedMembers(parse(code, { ecmaVersion: "latest", sourceType: "module" }));
    if (unused.length === 0) return code;
    let gone = code.length;
    for (const { start, end } of unused.sort((a, b) => b.start - a.start)) {
      // One that stands around another goes the next time.
      if (end > gone) continue;
      code = code.slice(0, start) + code.slice(end);
      gone = start;
    }
  }
}

function unusedMembers(program) {
  const all = [];
  visit(program, [], all);
  return all.filter(({ read, member }) => !read && canGo(member)).map(({ member }) => member);
}

/** Adds to `all` each private member, and whether it is read from outside of itself. `known`: those in scope, inner ones last. */
function visit(node, known, all) {
  if (Array.isArray(node)) for (const inner of node) visit(inner, known, all);
  else if (node?.type === "PrivateIdentifier") {
    const found = known.findLast(({ member }) => member.key.name === node.name);
    if (node.start < found.member.start || node.end > found.member.end) found.read = true;
  } else if (node?.type) {
    const inside = node.type === "ClassBody" ? [...known, ...privateMembers(node, all)] : known;
    for (const inner of Object.values(node)) if (typeof inner === "object") visit(inner, inside, all);
  }
}

function privateMembers({ body }, all) {
  const members = body
    .filter(({ key }) => key?.type === "PrivateIdentifier")
    .map((member) => ({ member, read: false }));
  all.push(...members);
  return members;
}

/** It does nothing when an object is made. */
const canGo = ({ type, kind, value }) =>
  type === "MethodDefinition" ? kind === "method" : !value || isHarmless(value);
const isHarmless = ({ type, elements }) =>
  elements ? elements.length === 0 : type === "ArrowFunctionExpression" || type === "Literal";
