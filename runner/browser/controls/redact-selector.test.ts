import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '../capture-page.ts';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

/** A rule by selector: whatever CSS made what is seen, it is neither in the picture nor in the text of the PDF. */
const APP = 'https://app.example.com';
const run = promisify(execFile);
let site: TestSite;

/** Everything that a value draws here is pure red or is the text SECRET, and the rest of the page is gray at most. */
const RED = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40"><rect width="300" height="40" fill="red"/><text y="20">SECRET</text></svg>')}`;
const host = (style: string, inner = '<p>SECRET</p>') =>
  `<x-a class="s" id="host"></x-a><script>document.getElementById('host').attachShadow({ mode: 'open' }).innerHTML = '<style>${style.replaceAll("'", '%27')}</style>${inner}'</script>`;
const PAGES: Record<string, string> = {
  pseudobg: `<style>.s::before { content: ""; display: block; width: 300px; height: 40px; background: url("${RED}") }</style><div class="s"></div>`,
  backdrop: `<style>dialog.s::backdrop { background: url("${RED}") }</style><dialog class="s">SECRET</dialog><script>document.querySelector('dialog').showModal()</script>`,
  firstletter: `<style>.s::first-letter { background: url("${RED}"); padding: 10px 200px }</style><p class="s">SECRET</p>`,
  svgimage: `<svg width="300" height="40"><image class="s" href="${RED}" width="300" height="40"/></svg>`,
  svgpath: `<svg width="300" height="40"><g class="s"><path d="M0 40L100 0L200 30L300 5" stroke="red" fill="none"/><text y="20">SECRET</text></g></svg>`,
  svgnested: `<svg width="300" height="40"><svg class="s" width="300" height="40"><path d="M0 40L300 5" stroke="red"/></svg></svg>`,
  svguse: `<svg width="300" height="40"><defs><g id="g"><rect width="90" height="30" fill="red"/><text y="20">SECRET</text></g></defs><use class="s" href="#g"/></svg>`,
  svgpaint: `<svg width="300" height="40"><pattern id="p" width="300" height="40" patternUnits="userSpaceOnUse"><rect width="300" height="40" fill="red"/></pattern><text class="s" y="30" font-size="40" fill="url(#p)">MMMM</text></svg>`,
  contenturl: `<div class="s" style="content: url('${RED}')"></div>`,
  counter: `<style>.s { counter-reset: n 987654; color: red } .s::before { content: counter(n) }</style><p class="s"></p>`,
  quotes: `<p class="s"><q style='quotes: "SECRET" "x"'></q></p>`,
  listmark: `<ul style="list-style-position: inside"><li class="s" style="list-style-type: 'SECRET '">x</li></ul>`,
  listvalue: `<ol style="list-style-position: inside"><li class="s" value="987654">x</li></ol>`,
  hyphen: `<p class="s" lang="en" style="width: 60px; hyphens: manual; hyphenate-character: 'SECRET'">abcdef&shy;ghijklmnop</p>`,
  gradient: `<div class="s" style="width: 200px; height: 20px; background: linear-gradient(to right, red 73%, white 73%)"></div>`,
  bar: `<div class="s" style="width: 73px; height: 20px; background: red"></div>`,
  // Boxes without a size of their own, whose parts have one.
  floatbar: `<div class="s" style="width: 400px"><div style="float: left; width: 73%; height: 20px; background: red"></div></div>`,
  placedbar: `<div class="s" style="position: relative; height: 0"><div style="position: absolute; width: 290px; height: 20px; background: red"></div></div>`,
  contentsbar: `<div class="s" style="display: contents"><div style="width: 73px; height: 20px; background: red"></div></div>`,
  visiblebar: `<div class="s" style="width: 200px; height: 20px"><div style="visibility: visible; width: 73px; height: 20px; background: red"></div></div>`,
  shadowbar: `<div class="s"><template shadowrootmode="closed"><div style="visibility: visible; width: 73px; height: 20px; background: red"></div></template></div>`,
  cellbar: `<table><tr><td class="s"><div style="width: 73px; height: 20px; background: red"></div></td></tr></table>`,
  buttonbar: `<button class="s"><span style="display: block; width: 73px; height: 20px; background: red"></span></button>`,
  hostimage: host(`:host { display: block; width: 300px; height: 40px; background-image: url("${RED}") !important }`),
  hostpseudo: host(
    `:host::before { content: "" !important; display: block; width: 300px; height: 40px; background: url("${RED}") !important }`,
  ),
  slotted: `<x-b><template shadowrootmode="open"><style>::slotted(img) { object-position: 0 0 !important; object-fit: fill !important }</style><slot></slot></template><img class="s" src="${RED}"></x-b>`,
  movingframe: `<style>iframe { transition: all 30s }</style><iframe class="s" src="https://bi.example.org/red" height="60"></iframe>`,
  // The rule says nothing of frames: it counts in each document.
  inframe: `<iframe height="60" srcdoc="<p class='s'>SECRET</p>"></iframe>`,
  movingimage: `<style>img { transition: all 30s }</style><img class="s" src="${RED}">`,
  shownstyle: `<p>x</p><style class="s" style="display: block; color: red">/* SECRET */</style>`,
  embedded: `<object class="s" data="${RED}" type="image/svg+xml"></object><embed class="s" src="${RED}">`,
};
/** What is drawn by these cannot be blanked: the page's own styles are `!important` in an inner tree. */
const REFUSED: Record<string, string> = {
  hostall: host(
    `:host { display: block !important; visibility: visible !important; height: 40px; background-image: url("${RED}") !important }`,
  ),
};
const XHTML: Record<string, [string, string]> = {
  cdata: [
    'application/xhtml+xml',
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p class="s"><![CDATA[SECRET]]></p></body></html>',
  ],
  cdatasvg: [
    'image/svg+xml',
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="50"><text class="s" y="25"><![CDATA[SECRET]]></text></svg>',
  ],
  cdatasplit: [
    'application/xhtml+xml',
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>SECRET<![CDATA[@priv]]>ate.example</p></body></html>',
  ],
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const name = path.slice(1);
    const [type = '', body = ''] = XHTML[name] ?? [];
    if (type) return { headers: { 'content-type': type }, body };
    if (name === 'red') return html('<body style="margin:0;background:red">SECRET');
    if (name === 'frames') {
      const others = '<iframe style="width:20px;height:10px" srcdoc="<p>x"></iframe>'.repeat(119);
      return html(`<p class="s">one</p>${others}<iframe srcdoc="<p class=s>SECRET"></iframe>`);
    }
    const body2 = PAGES[name] ?? REFUSED[name];
    return body2 === undefined ? null : html(`<title>t</title>${body2}<p>end</p>`);
  });
});
afterAll(() => site.close());

type More = Partial<Parameters<TestSite['capture']>[0]>;
const png = (path: string, more: More = {}) =>
  site.capture({
    url: `${APP}/${path}`,
    waitUntil: 'load',
    output: { format: 'png', animations: 'allow' },
    redact: [{ selector: '.s' }],
    redactOnMiss: 'fail',
    ...more,
  });
const pdf = (path: string, more: More = {}) =>
  site.capture({
    url: `${APP}/${path}`,
    waitUntil: 'load',
    output: { format: 'pdf' },
    redact: [{ selector: '.s' }],
    redactOnMiss: 'fail',
    ...more,
  });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));
const textOf = async (result: CaptureResult) => (await run('pdftotext', [fileOf(result), '-'])).stdout;
/** Pixels that are red to the eye. */
async function redIn(result: CaptureResult): Promise<number> {
  const { data } = PNG.sync.read(await readFile(fileOf(result)));
  let red = 0;
  for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) > 180 && (data[at + 1] ?? 0) < 120) red++;
  return red;
}
const GLYPHS = ['counter', 'quotes', 'listmark', 'listvalue', 'hyphen'];
const VALUE = /SECRET|987654/;

describe('redact by selector', () => {
  it.each(Object.keys(PAGES))('leaves nothing of %s in the picture or the text of the PDF', async (name) => {
    const open = { redact: [], redactOnMiss: 'ignore' as const };
    const [seen, said] = [await redIn(await png(name, open)), await textOf(await pdf(name, open))];
    expect(seen > 0 || VALUE.test(said)).toBe(true);
    if (!GLYPHS.includes(name)) expect(await redIn(await png(name))).toBe(0);
    expect(await textOf(await pdf(name))).not.toMatch(VALUE);
  });

  it.each(['cdata', 'cdatasvg'])('reaches text in %s', async (name) => {
    expect(await textOf(await pdf(name, { redact: [], redactOnMiss: 'ignore' }))).toContain('SECRET');
    expect(await textOf(await pdf(name))).toContain('████');
    expect(await textOf(await pdf(name))).not.toContain('SECRET');
  });

  it('by pattern reaches text that is split by a CDATA section', async () => {
    expect(await textOf(await pdf('cdatasplit', { redact: [{ pattern: 'email' }] }))).not.toMatch(/SECRET|private/);
  });

  it.each([
    ['hostall', '`redact[0]` names an element that cannot be blanked'],
    ['frames', 'more than 100 frames'],
  ])('%s fails closed and says why', async (name, why) => {
    for (const make of [png, pdf])
      expect(await make(name, { redactOnMiss: 'ignore' })).toMatchObject({
        ok: false,
        failure: { code: 'expectation_failed', detail: expect.stringContaining(why) },
      });
  });
});
