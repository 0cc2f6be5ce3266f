// The check of the documentation notices what it is there for.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { brokenIn, checkSite } from "../../scripts/docs/links.mjs";

describe("the links of a site", () => {
  let site;
  beforeEach(() => (site = mkdtempSync(join(tmpdir(), "everwire-site-"))));
  afterEach(() => rmSync(site, { recursive: true }));

  function write(links) {
    mkdirSync(join(site, "a"));
    writeFileSync(join(site, "a/index.html"), '<h1 id="top">A</h1>');
    writeFileSync(join(site, "b.html"), links.map((link) => `<a class="x" href="${link}">it</a>`).join(""));
  }

  it("pass if files and places are there", () => {
    write(["a/", "a/index.html#top", "a/index.html?x=1", "https://example.com/nowhere", "b.html"]);
    assert.equal(checkSite(site), 4);
  });

  it("fail for a file, and for a place, that is not there", () => {
    write(["c.html", "a/#bottom", "a/#top"]);
    assert.throws(() => checkSite(site), /c\.html is not there\n.*#bottom: there is no such place/);
  });
});

describe("the links of the pages", () => {
  const texts = new Map([
    ["README.md", "# One\n\n## It's `two`, really\n\n## One\n\n```md\n[no](no.md)\n```\n"],
    ["docs/a.md", ""],
  ]);
  const broken = (text) => brokenIn(new Map([...texts, ["docs/a.md", text]])).broken;

  it("pass if files and headings are there, as GitHub names them", () => {
    const links = [
      "../README.md",
      "../README.md#its-two-really",
      "../README.md#one-1",
      "#here",
      "https://x.y/z#q",
    ];
    assert.deepEqual(
      broken(`# Here\n\n${links.map((link) => `[it](${link})`).join("\n")}\n[it]: ../README.md "x"`),
      [],
    );
  });

  it("fail for a file, and for a heading, that is not there", () => {
    assert.deepEqual(broken("[it](no.md) and [that](../README.md#three)"), [
      "docs/a.md: no.md is not there",
      "docs/a.md: README.md has no heading #three",
    ]);
  });
});
