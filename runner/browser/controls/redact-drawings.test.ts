import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const MAIL = 'ann.secret@private.example';
const run = promisify(execFile);
let site: TestSite;

const svg = (inner: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40">${inner}</svg>`;
const TEXT = svg(`<text x="5" y="25">${MAIL}</text>`);
const DATA = `data:image/svg+xml,${encodeURIComponent(TEXT)}`;
const PAGES: Record<string, string> = {
  file: '<img src="/text.svg">',
  data: `<img src="${DATA}">`,
  base64: `<img src="data:image/svg+xml;base64,${Buffer.from(TEXT).toString('base64')}">`,
  background: '<div style="width: 300px; height: 40px; background: url(/text.svg)"></div>',
  body: '<style>body { background: url(/text.svg) no-repeat }</style>',
  before: `<style>b::before { content: url("${DATA}") }</style><b></b>`,
  marker: `<style>li::marker { content: url("${DATA}") }</style><ul style="margin-left: 300px"><li>x</li></ul>`,
  // What a script draws while the page prints goes into the PDF as text: charts are told to do so.
  canvas: `<canvas id="c" width="400" height="60"></canvas><script>addEventListener('beforeprint', () => { const pen = document.getElementById('c').getContext('2d'); pen.font = '20px sans-serif'; pen.fillText('${MAIL}', 5, 30) })</script>`,
  inner: '<svg width="300" height="40"><image href="/text.svg" width="300" height="40"/></svg>',
  use: '<svg width="300" height="40"><use href="/sprite.svg#s"/></svg>',
  frame: '<iframe src="https://bi.example.org/file" width="400" height="80"></iframe>',
};
const DRAWINGS: Record<string, string> = {
  '/text.svg': TEXT,
  '/sprite.svg': svg(`<symbol id="s"><text x="5" y="25">${MAIL}</text></symbol>`),
  '/icon.svg': svg('<circle r="10" cx="20" cy="20" fill="red"/>'),
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const body = DRAWINGS[path];
    if (body) return { headers: { 'content-type': 'image/svg+xml' }, body };
    if (path === '/icon') return html('<img src="/icon.svg"><p>end</p>');
    return html(`<title>t</title>${PAGES[path.slice(1)] ?? ''}<p>end</p>`);
  });
});
afterAll(() => site.close());

async function print(path: string, redact: Parameters<TestSite['capture']>[0]['redact']) {
  const output = { format: 'pdf' as const, pdf: { printBackground: true } };
  const result = await site.capture({ url: `${APP}/${path}`, waitUntil: 'load', redact, output });
  const file = result.ok ? result.file : expect.fail(result.failure.detail);
  return {
    text: (await run('pdftotext', [file, '-'])).stdout,
    images: (await run('pdfimages', ['-list', file])).stdout.split('\n').length - 3,
  };
}

describe('drawings in a PDF that is redacted by text', () => {
  it.each(Object.keys(PAGES))('%s becomes pixels, which cannot be selected', async (name) => {
    expect((await print(name, [])).text).toContain('secret');
    const { text, images } = await print(name, [{ pattern: 'email' }]);
    expect(text).not.toContain('secret');
    expect(text).toContain('end');
    if (name !== 'body') expect(images).toBeGreaterThan(0);
  });

  it('stay drawings where they hold no text', async () => {
    expect((await print('icon', [{ pattern: 'email' }])).images).toBe(0);
  });
});
