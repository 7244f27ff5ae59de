import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

/** Pages that answer to print with work that ends a moment later: the PDF must hold what they end with. */
const APP = 'https://app.example.com';
const run = promisify(execFile);
const BOX =
  '<style>#box{width:300px;background:#cde;transition:width .3s linear}@media print{.styled{width:200px!important}}.narrow{width:250px!important}</style>';
const DRAW = 'const box = document.getElementById("box"); const draw = () => { box.textContent = "drawn for paper"; };';
const page = (script: string, style = '') => `${BOX}<div id="box" class="${style}">drawn for screen</div><script>${DRAW}${script}</script>`;
const debounced = (ms: number) =>
  `let timer; const later = (work) => { clearTimeout(timer); timer = setTimeout(work, ${ms}); }; const used = async () => { for (let count = 0; count < 5; count++) await new Promise((done) => later(done)); };`;
const onPrint =
  'const print = matchMedia("print"); const whenPrint = (work) => { print.onchange = () => { if (print.matches) work(); }; };';

const PAGES: Record<string, string> = {
  'the end of a transition, told to the document': page(
    'document.addEventListener("transitionend", () => setTimeout(draw, 50));',
    'styled',
  ),
  'the end of a transition, told to a property': page('box.ontransitionend = () => setTimeout(draw, 50);', 'styled'),
  'the end of a transition that begins after a long rest': page(
    'let timer = 0, print = { onchange: null }; setTimeout(() => { print.onchange = 1; }, 2800); box.ontransitionend = draw;',
    'styled',
  ),
  'the end of an animation that the medium began': page(
    `${onPrint} whenPrint(() => box.animate([{ opacity: 0.5 }, { opacity: 1 }], 300).finished.then(() => setTimeout(draw, 50)));`,
  ),
  'the end of a transition that beforeprint began': page(
    'addEventListener("beforeprint", () => box.classList.add("narrow")); box.addEventListener("transitionend", () => setTimeout(draw, 50));',
  ),
  'a timer that beforeprint sets, each time anew': page(
    'onbeforeprint = () => { box.textContent = "about to draw"; setTimeout(draw, 300); };',
  ),
  'a debounce that was used before': page(`${debounced(200)} ${onPrint} used().then(() => whenPrint(() => later(draw)));`),
  'a debounce beside a ticker of the same beat': page(
    `${debounced(250)} ${onPrint} const tick = () => setTimeout(tick, 250); tick(); whenPrint(() => later(draw));`,
  ),
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[decodeURIComponent(path).slice(1)] ?? ''));
});
afterAll(() => site.close());

async function printed(name: string, pdf = {}): Promise<string> {
  const waitFor = { function: 'typeof timer === "undefined" || typeof print === "undefined" || print.onchange !== null' };
  const result = await site.capture({ url: `${APP}/${encodeURIComponent(name)}`, waitFor, output: { format: 'pdf', pdf } });
  return (await run('pdftotext', [result.ok ? result.file : expect.fail(result.failure.detail), '-'])).stdout;
}

describe('a PDF waits for', () => {
  it.each(['screen', 'print'] as const)('what print is answered with, where all was seen as %s', async (media) => {
    const url = `${APP}/${encodeURIComponent('a timer that beforeprint sets, each time anew')}`;
    const result = await site.capture({ url, media, output: { format: 'pdf' } });
    const { stdout } = await run('pdftotext', [result.ok ? result.file : expect.fail(result.failure.detail), '-']);
    expect(stdout).toContain('drawn for paper');
  });
  it.each(Object.keys(PAGES))('%s', async (name) => {
    expect(await printed(name)).toContain('drawn for paper');
    expect(await printed(name, { singlePage: true })).toContain('drawn for paper');
  });
});
