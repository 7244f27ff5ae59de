import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path, headers }) => {
    if (path === '/mail') return { status: 302, headers: { location: 'mailto:ann@example.com' } };
    if (path === '/always' || headers['if-none-match']) return { status: 304, headers: { etag: '"1"' } };
    return html(`<h1>Report</h1><a href="/kept">again</a>`, { headers: { etag: '"1"', 'cache-control': 'no-cache' } });
  });
});
afterAll(() => site.close());

it('an answer of 304 without a page is a failure that names the status and the remedy', async () => {
  expect(await site.capture({ url: `${APP}/kept`, headers: { 'If-None-Match': '"1"' } })).toMatchObject({
    ok: false,
    failure: { code: 'target_http_error', detail: expect.stringMatching(/304.*If-None-Match/) },
    observed: { verdict: 'error_page' },
  });
  expect(await site.capture({ url: `${APP}/always` })).toMatchObject({ ok: false, failure: { detail: expect.stringContaining('304') } });
});

it('a redirect out of the web is told as one', async () => {
  expect(await site.capture({ url: `${APP}/mail` })).toMatchObject({ ok: false, failure: { code: 'navigation_blocked' } });
});

it('a page that the browser had stored and asked about again is a page', async () => {
  const actions = [{ type: 'click' as const, selector: 'a' }];
  expect(await site.capture({ url: `${APP}/kept`, actions, waitFor: { text: 'Report' } })).toMatchObject({ ok: true });
});
