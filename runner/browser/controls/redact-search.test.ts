import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { createTextSearch, SearchExpired } from './redact-search.ts';

const APP = 'https://app.example.com';
/** Cubic in the length of a word, and within what a request may hold. */
const SLOW = { regex: '\\w*\\w*\\w*!' };
const LONG = 'a'.repeat(3000);
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) =>
    path === '/pushes'
      ? html(`<p>hello</p><script>history.pushState(0, '', '/u/' + '${LONG}/'.repeat(40))</script>`)
      : html('<p>Ann, a@else.example</p>'),
  );
});
afterAll(() => site.close());

describe('createTextSearch', () => {
  it('finds what rules by text find, as a reader sees it or percent-encoded', async () => {
    const search = createTextSearch([{ selector: 'p' }, { pattern: 'email' }, { regex: 'EMP-\\d' }]);
    expect(await search.rulesIn(['x', 'ann\u200b@else.example', ' '])).toEqual([1]);
    expect(await search.rulesIn(['nothing'])).toEqual([]);
    expect(await search.textsWith(['x', 'ann%40else.example', 'EMP-1', '%'], 'report')).toEqual(new Set([1, 2]));
    search.close();
  });

  it('gives up an expression without holding up anybody else, once for each purpose, and names the rule', async () => {
    const search = createTextSearch([{ pattern: 'email' }, SLOW]);
    let turns = 0;
    const others = setInterval(() => turns++, 10);
    await expect(search.rulesIn([LONG])).rejects.toMatchObject({ name: 'SearchExpired', rule: 1 });
    expect(turns).toBeGreaterThan(10);
    turns = 0;
    await expect(search.rulesIn(['x'])).rejects.toBeInstanceOf(SearchExpired);
    await expect(search.textsWith(Array(40).fill(LONG), 'report')).rejects.toBeInstanceOf(SearchExpired);
    expect(turns).toBeGreaterThan(10);
    clearInterval(others);
    search.close();
  });

  it('does not take the answer of a search that was left for its own', async () => {
    const search = createTextSearch([SLOW]);
    const left = expect(search.rulesIn([LONG])).rejects.toBeInstanceOf(SearchExpired);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await search.textsWith(['x'], 'report')).toEqual(new Set());
    search.close();
    await left;
  });
});

describe('a page whose address takes an expression for ever', () => {
  it('is captured, its address left out, while others are captured beside it', async () => {
    const slow = site.capture({ url: `${APP}/pushes`, waitUntil: 'load', redact: [SLOW] });
    const other = site.capture({ url: `${APP}/`, waitUntil: 'load', redact: [{ pattern: 'email' }] });
    expect(await slow).toMatchObject({ ok: true, observed: { finalUrl: '████' } });
    expect(await other).toMatchObject({ ok: true, observed: { finalUrl: `${APP}/`, controls: { redaction: { replaced: 1 } } } });
  });

  it('names the remedy where the failure itself is about time', async () => {
    const output = { format: 'pdf' as const, pdf: { headerTemplate: '<p style="font-size:9px"><span class="url"></span></p>' } };
    const result = await site.capture({ url: `${APP}/pushes`, waitUntil: 'load', redact: [SLOW], output });
    expect(result).toMatchObject({
      ok: false,
      failure: {
        code: 'expectation_failed',
        detail: expect.stringMatching(/^`redact\[0\]` could not be held in time .*Simplify a `regex`/),
      },
      observed: { finalUrl: '████' },
    });
  });
});
