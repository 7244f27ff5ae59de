import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from './fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** A lazy frame that is not laid out never gets a document, and one whose text a script wrote has no address. */
const LAZY = '<h1>Board</h1><iframe loading="lazy" src="/inner" hidden></iframe>';
const WRITTEN = `${LAZY}<iframe src="javascript:'<p id=secret>Account 4711</p>'"></iframe>`;
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(path === '/lazy' ? LAZY : path === '/written' ? WRITTEN : '<p>inner</p>'));
});
afterAll(() => site.close());

describe('a frame that has no document', () => {
  it.each([
    ['a text that must not be there', { expect: [{ notText: 'Sign in' }] }],
    ['a text that is waited for', { waitFor: { text: 'Board' } }],
    ['redaction by a selector', { redact: [{ selector: 'h1' }] }],
  ])('holds nothing up: %s', async (_, options) => {
    expect(await site.capture({ url: `${APP}/lazy`, timeouts: { readiness: 3000 }, ...options })).toMatchObject({ ok: true });
    expect(site.seen.filter(({ path }) => path === '/inner')).toEqual([]);
  });

  it('is told from one that has no address and shows what a script wrote', async () => {
    expect(await site.capture({ url: `${APP}/written`, timeouts: { readiness: 3000 }, expect: [{ notText: '4711' }] })).toMatchObject({
      ok: false,
      failure: { code: 'expectation_failed' },
    });
  });
});
