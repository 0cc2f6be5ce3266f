// Colours for the code on the page, and a button to copy it.

const PARTS =
  /(?<comment>\/\/.*)|(?<string>"[^"]*")|(?<keyword>\b(?:import|from|const|await|async|new|if|return)\b)|(?<number>\b\d[\d_]*\b)/g;

export function brightenSnippets() {
  for (const code of document.querySelectorAll(".snippet code")) {
    const source = code.textContent;
    code.replaceChildren(...paint(source));
    code.closest(".snippet").querySelector("h3").after(copyButton(source));
  }
}

function* paint(source) {
  let end = 0;
  for (const { 0: text, index, groups } of source.matchAll(PARTS)) {
    yield source.slice(end, index);
    const part = document.createElement("span");
    part.className = Object.keys(groups).find((name) => groups[name] !== undefined);
    part.textContent = text;
    yield part;
    end = index + text.length;
  }
  yield source.slice(end);
}

function copyButton(source) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    // Refused where the page is not secure or not in front.
    const copied = await navigator.clipboard?.writeText(source).then(
      () => true,
      () => false,
    );
    button.textContent = copied ? "Copied" : "Select it instead";
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  });
  return button;
}
