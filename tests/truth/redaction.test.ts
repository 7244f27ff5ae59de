import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { PLANTS, plantedPage, RULES } from './planted-page.ts';
import { holds, readPdf } from './search-pdf.ts';

/** Acceptance row 4: what a rule of `redact` finds is in no pixel and in no byte of the result. */
const APP = 'https://app.example.com';
const TALL = { viewport: { width: 900, height: 2400 } };
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    if (url.pathname === '/dot.svg')
      return {
        headers: { 'content-type': 'image/svg+xml' },
        body: '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle r="10" cx="10" cy="10" fill="red"/></svg>',
      };
    if (url.pathname === '/frame')
      return html(`<p style="margin:0" class="${url.searchParams.has('private') ? 'private' : ''}">${url.searchParams.get('v')}</p>`);
    if (url.pathname === '/planted') return html(plantedPage(PLANTS, url.searchParams.has('blank')));
    return null;
  });
});
afterAll(() => site.close());

const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));
const pdf = (path: string, more = {}) =>
  site.capture({ url: APP + path, output: { format: 'pdf', pdf: { tagged: true, outline: true } }, ...more });
const png = (path: string, more = {}) => site.capture({ url: APP + path, output: { format: 'png', fullPage: true }, ...TALL, ...more });
const imageOf = async (result: CaptureResult) => PNG.sync.read(await readFile(fileOf(result)));

describe('planted values', () => {
  it('are all found in a PDF that is not redacted, so that the search can be trusted', async () => {
    const said = await readPdf(fileOf(await pdf('/planted')));
    expect(PLANTS.length).toBeGreaterThanOrEqual(30);
    expect(PLANTS.filter((plant) => plant.inPdf && !holds(said, plant.value)).map((plant) => plant.name)).toEqual([]);
  });

  it.each([true, false])('are in no byte of a redacted PDF, tagged and outlined: %s', async (tagged) => {
    const result = await pdf('/planted', { redact: RULES, output: { format: 'pdf', pdf: { tagged, outline: tagged } } });
    const said = await readPdf(fileOf(result));
    expect(PLANTS.filter((plant) => holds(said, plant.value)).map((plant) => plant.name)).toEqual([]);
    expect(said).toContain('Report');
    expect(said).toContain('████');
  });

  it('are in no pixel: the picture equals that of the page whose values are blank', async () => {
    const rules = RULES.map((rule) => ({ ...rule, replacement: '' }));
    const blank = await imageOf(await png('/planted?blank'));
    const redacted = await imageOf(await png('/planted', { redact: rules }));
    expect([redacted.width, redacted.height]).toEqual([blank.width, blank.height]);
    expect(redacted.data.equals(blank.data)).toBe(true);
    expect((await imageOf(await png('/planted'))).data.equals(blank.data)).toBe(false);
  });
});
