import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

/** The outline of a PDF is that of the page: its headings, nested as their levels are, each leading to its page. */
const APP = 'https://app.example.com';
const run = promisify(execFile);
type Entry = { title: string; page: number; inner: Entry[] };
type Heading = { level: number; title: string; markup?: string; style?: string; page: number };
const NEW_PAGE = 'break-before:page';

const HEADINGS: Heading[] = [
  { level: 1, title: 'Quarterly report: Q3 & Q4', page: 1 },
  { level: 2, title: 'Sales by region', markup: 'Sales <b>by</b> <i>region</i>', page: 1 },
  { level: 3, title: 'Größe, Ж, مرحبا', page: 1 },
  { level: 3, title: 'North', style: NEW_PAGE, page: 2 },
  { level: 2, title: 'Costs (in \\ EUR)', page: 2 },
  // A level is left out.
  { level: 4, title: 'Travel', page: 2 },
  { level: 2, title: 'Costs (in \\ EUR)', page: 2 },
  { level: 1, title: 'Appendix', style: NEW_PAGE, page: 3 },
  { level: 6, title: 'Fine print', style: NEW_PAGE, page: 4 },
  { level: 1, title: 'The end', page: 4 },
];
const markUp = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const BODY = HEADINGS.map(
  ({ level, title, markup, style }) => `<h${level} style="${style ?? ''}">${markup ?? markUp(title)}</h${level}><p>Text below.</p>`,
).join('');
/** Headings that are not printed, and what only looks like one. */
const OTHERS = `<style>@media print { .screen { display: none } }</style><h2 class="screen">Filters</h2><h2 hidden>Draft</h2><p style="font:bold 30px serif">Large text</p>`;
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(path === '/flat' ? '<title>Flat</title><p>No headings here.</p>' : OTHERS + BODY));
});
afterAll(() => site.close());

const print = (path: string, pdf: object) => site.capture({ url: APP + path, output: { format: 'pdf', pdf } });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));

/** The outline as another program reads it. */
async function outlineOf(result: CaptureResult): Promise<Entry[]> {
  const { stdout } = await run('pdftohtml', ['-xml', '-i', '-stdout', fileOf(result)]);
  const root: Entry = { title: '', page: 0, inner: [] };
  const path = [root];
  for (const [tag, page, title] of stdout.matchAll(/<outline>|<\/outline>|<item page="(\d+)">([^<]*)<\/item>/g)) {
    const above = path.at(-1);
    if (!above) throw new Error('the outline closes more levels than it opens');
    if (tag === '</outline>') path.pop();
    else if (tag === '<outline>') path.push(above.inner.at(-1) ?? above);
    else above.inner.push({ title: decode(title ?? ''), page: Number(page), inner: [] });
  }
  return root.inner;
}

/** What the headings say by themselves: each belongs to the nearest one before it of a higher rank. */
function nest(headings: readonly Heading[]): Entry[] {
  const root: Entry = { title: '', page: 0, inner: [] };
  const open = [{ level: 0, entry: root }];
  for (const { level, title, page } of headings) {
    while ((open.at(-1)?.level ?? 0) >= level) open.pop();
    const entry = { title, page, inner: [] };
    open.at(-1)?.entry.inner.push(entry);
    open.push({ level, entry });
  }
  return root.inner;
}

function decode(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => (code ? String.fromCodePoint(Number(code)) : (named[name] ?? all)));
}

describe('the outline of a PDF', () => {
  it('has the headings of the page in their order, nested by their levels, each on its page', async () => {
    expect(await outlineOf(await print('/', { outline: true }))).toEqual(nest(HEADINGS));
  });

  it('stays as it is where metadata are written into the file', async () => {
    const result = await print('/', { outline: true, metadata: { title: 'Report' } });
    expect(await outlineOf(result)).toEqual(nest(HEADINGS));
  });

  it('is not there unless it is asked for, or where the page has no headings', async () => {
    expect(await outlineOf(await print('/', { tagged: true }))).toEqual([]);
    expect(await outlineOf(await print('/flat', { outline: true }))).toEqual([]);
  });
});
