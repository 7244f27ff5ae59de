import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** So large that writing them takes longer than a quiet window on any machine, and nothing of it in the page's own process. */
const [ROWS, LETTERS] = [4, 16_000_000];
const OPEN = `const opened = indexedDB.open('app', 1); opened.onupgradeneeded = () => opened.result.createObjectStore('rows');
  const store = () => opened.result.transaction('rows', 'readwrite').objectStore('rows');`;
const DRAW = 'document.body.append(Object.assign(document.createElement("p"), { id: "drawn", textContent: "drawn" }))';
const PAGES: Record<string, string> = {
  'one transaction': `<script>${OPEN} opened.onsuccess = () => { const rows = store(); for (let n = 0; n < ${ROWS}; n++) rows.put('x'.repeat(${LETTERS}), n);
    rows.transaction.oncomplete = () => ${DRAW}; };</script>`,
  'many in turn': `<script>${OPEN} const next = (n) => { if (n === 0) ${DRAW}; else store().put('x'.repeat(${LETTERS}), n).onsuccess = () => next(n - 1); };
    opened.onsuccess = () => next(${ROWS});</script>`,
  // Kept alive by a request after the other.
  log: `<script>${OPEN} opened.onsuccess = () => { const rows = store(); const next = () => { rows.put('row', 0).onsuccess = next; }; next(); };</script>`,
  logs: `<script>${OPEN} opened.onsuccess = () => { const next = () => { store().put('row', 0).onsuccess = next; }; next(); };</script>`,
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[decodeURIComponent(path).slice(1)] ?? ''));
});
afterAll(() => site.close());

describe('a database of the page', () => {
  it.each(['one transaction', 'many in turn'])('is waited for, %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${encodeURIComponent(name)}` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false, readiness: { heldBy: 'timers' } } });
    // The document changes but once, when the data are there.
    expect(result.observed.readiness?.dom).toBeGreaterThan(0);
  });

  it.each(['log', 'logs'])('that is written to without an end is left: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${name}` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false, readiness: { heldBy: 'timers' } } });
    expect(result.observed.readiness?.timers).toBeLessThan(5000);
  });
});
