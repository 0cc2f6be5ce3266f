// Links that lead nowhere: to a file, a page or a heading that is not there. What is elsewhere on the web is not looked at.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Failure } from "../failure.mjs";
import { inRoot } from "../paths.mjs";
import { pages } from "./pages.mjs";

const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|\/\/)/i;
/** What rustdoc writes for all crates alike: scripts that are there only if needed, and names in the texts of others. */
const OF_RUSTDOC = /\/trait\.impl\/|::/;

/** Of every page of the repository. Returns how many were looked at. */
export function checkPages() {
  const { broken, count } = brokenIn(
    new Map(pages().map((page) => [page, readFileSync(inRoot(page), "utf8")])),
  );
  refuse(broken, count);
  return count;
}

/** Of pages by their paths from the root: `{ broken, count }`. */
export function brokenIn(pages) {
  const texts = new Map(Array.from(pages, ([page, text]) => [page, withoutCode(text)]));
  const broken = [];
  let count = 0;
  for (const [page, text] of texts) {
    for (const link of linksOf(text)) {
      count++;
      const [path, anchor] = link.split("#");
      const target = path ? join(dirname(page), decodeURI(path)) : page;
      if (!texts.has(target) && !existsSync(inRoot(target))) broken.push(`${page}: ${link} is not there`);
      else if (anchor && texts.has(target) && !anchorsOf(texts.get(target)).has(anchor))
        broken.push(`${page}: ${target} has no heading #${anchor}`);
    }
  }
  return { broken, count };
}

/** Of every page of the site, but for files of the repository that lie in it as they are. Returns how many were looked at. */
export function checkSite(site) {
  const files = readdirSync(site, { recursive: true }).filter(
    (name) => name.endsWith(".html") && !name.startsWith("media"),
  );
  const read = new Map();
  const page = (file) => {
    if (!read.has(file)) read.set(file, readFileSync(file, "utf8"));
    return read.get(file);
  };
  const ids = new Map();
  const idsOf = (file) => {
    if (!ids.has(file))
      ids.set(
        file,
        new Set(Array.from(page(file).matchAll(/\s(?:id|name)="([^"]*)"/g), ([, id]) => decode(id))),
      );
    return ids.get(file);
  };
  const broken = [];
  let count = 0;
  for (const name of files) {
    const file = join(site, name);
    for (const [, raw] of page(file).matchAll(/<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"]*)"/g)) {
      const link = decode(raw);
      if (ELSEWHERE.test(link) || OF_RUSTDOC.test(link) || link === "" || link === "/") continue;
      count++;
      const [path, anchor] = link.split("#");
      const base = path.startsWith("/docs/") ? join(site, "..") : dirname(file);
      let target = path ? join(base, decodeURIComponent(path.split("?")[0])) : file;
      if (existsSync(target) && statSync(target).isDirectory()) target = join(target, "index.html");
      const shown = `${relative(site, file)}: ${link}`;
      if (!existsSync(target)) broken.push(`${shown} is not there`);
      else if (anchor && target.endsWith(".html") && !isLines(anchor) && !holds(idsOf(target), anchor))
        broken.push(`${shown}: there is no such place on that page`);
    }
  }
  refuse(broken, count);
  return count;
}

/** As browsers look for it: as it is written, then decoded. */
const holds = (ids, anchor) => ids.has(anchor) || ids.has(decodeURIComponent(anchor));

/** Lines of a source, which rustdoc's pages find by a script. */
const isLines = (anchor) => /^\d+(-\d+)?$/.test(anchor);

function refuse(broken, count) {
  if (broken.length > 0) throw new Failure(`Links that lead nowhere:\n${[...new Set(broken)].join("\n")}`);
  if (count === 0) throw new Failure("There is no link at all: a check that looks at nothing is no pass.");
}

function* linksOf(text) {
  for (const [, inline, reference] of text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)) {
    const link = inline ?? reference;
    if (!ELSEWHERE.test(link)) yield link;
  }
}

/** As GitHub makes them of headings: the second of the same name gets a number. */
function anchorsOf(text) {
  const seen = new Map();
  return new Set(
    Array.from(text.matchAll(/^#{1,6} +(.*?) *#*$/gm), ([, heading]) => {
      const anchor = heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, "")
        .replaceAll(" ", "-");
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count ? `${anchor}-${count}` : anchor;
    }),
  );
}

/** Blocks of code hold neither links nor headings. */
const withoutCode = (text) => text.replaceAll(/^(```|~~~)[^]*?^\1 *$/gm, "");

const decode = (text) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll(/&#(x?)([0-9a-f]+);/gi, (_, hex, digits) =>
      String.fromCodePoint(parseInt(digits, hex ? 16 : 10)),
    )
    .replaceAll("&amp;", "&");
