import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CaptureResult } from '../capture-page.ts';
import { type Answer, html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const run = promisify(execFile);
const of = (type: string, body: string, more = {}) => ({ headers: { 'content-type': type, ...more }, body });
/** Pages in which text cannot become elements by the page's own document. */
const PAGES: Record<string, Answer> = {
  '/strict': of('text/html', '<title>Report</title><h1>Report</h1>', {
    'content-security-policy': "require-trusted-types-for 'script'; trusted-types none",
  }),
  '/drawing': of('image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><title>Report</title><text y="20">hello</text></svg>'),
  '/data': of('application/xml', '<?xml version="1.0"?><a><b>hello</b></a>'),
  '/xhtml': of('application/xhtml+xml', '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Report</title></head><body/></html>'),
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => PAGES[path] ?? html('<title>Report</title><h1>Report</h1>'));
});
afterAll(() => site.close());

const pdf = {
  headerTemplate: '<style>.date{font-size:12px}.dated{font-size:30px}</style><span class="when date"></span><b class="dated">kept</b>',
  footerTemplate:
    '<div style="font-size:12px">page <span class="pageNumber"></span>, <span class="title"></span>, <i class="date">x</i></div>',
};
const textOf = async (result: CaptureResult, ...options: string[]) =>
  (await run('pdftotext', [...options, result.ok ? result.file : expect.fail(result.failure.detail), '-'])).stdout;

it('the date in templates of a reproducible PDF is that of its clock, in its language and place', async () => {
  const output = { format: 'pdf' as const, pdf };
  const fixed = await textOf(await site.capture({ url: APP, output, reproducible: true }));
  expect(fixed.match(/1\/1\/25, 12:00.AM/g)).toHaveLength(2);
  expect(fixed).toMatch(/page 1, Report, 1\/1\/25/);
  expect(fixed).toContain('kept');
  const placed = { reproducible: { time: '2025-06-30T22:30:00Z' }, locale: 'de-DE', timezoneId: 'Europe/Berlin' };
  expect(await textOf(await site.capture({ url: APP, output: { format: 'pdf', pdf: { ...pdf, singlePage: true } }, ...placed }))).toMatch(
    /01\.07\.25, 00:30/,
  );
});

it('keeps its size by a style of the template, and is the day of the print where nothing is reproduced', async () => {
  const output = { format: 'pdf' as const, pdf };
  const heights = async (more: { reproducible: boolean }) => {
    const boxes = await textOf(await site.capture({ url: APP, output, ...more }), '-bbox');
    return [...boxes.matchAll(/yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">\d+\/\d+\/\d+,/g)].map((box) =>
      Math.round(Number(box[2]) - Number(box[1])),
    );
  };
  const [fixed, free] = [await heights({ reproducible: true }), await heights({ reproducible: false })];
  expect(fixed).toHaveLength(2);
  expect(fixed).toEqual(free);
  expect(await textOf(await site.capture({ url: APP, output }))).not.toContain('1/1/25');
});

it.each(Object.keys(PAGES))('a document of any kind and policy gets the same date: %s', async (path) => {
  const text = await textOf(await site.capture({ url: APP + path, output: { format: 'pdf', pdf }, reproducible: true }));
  expect(text.match(/1\/1\/25, 12:00.AM/g)).toHaveLength(2);
  expect(text).toMatch(/page 1, /);
  expect(text).toContain('kept');
});
