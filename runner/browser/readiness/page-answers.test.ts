import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { PROBE_SCRIPT } from './readiness-probe.ts';

const APP = 'https://app.example.com';
/** So large that writing them takes longer than a quiet window on any machine, and nothing of it in the page's own process. */
const [ROWS, LETTERS] = [4, 5_000_000];
const OPEN = `const opened = indexedDB.open('app', 1); opened.onupgradeneeded = () => opened.result.createObjectStore('rows');
  const store = () => opened.result.transaction('rows', 'readwrite').objectStore('rows');`;
const DRAW = 'document.documentElement.style.background = "rgb(1, 2, 3)"';
const PAGES: Record<string, string> = {
  'one transaction': `<script>${OPEN} opened.onsuccess = () => { const rows = store(); for (let n = 0; n < ${ROWS}; n++) rows.put('x'.repeat(${LETTERS}), n);
    rows.transaction.oncomplete = () => ${DRAW}; };</script>`,
  'many in turn': `<script>${OPEN} const next = (n) => { if (n === 0) ${DRAW}; else store().put('x'.repeat(${LETTERS}), n).onsuccess = () => next(n - 1); };
    opened.onsuccess = () => next(${ROWS});</script>`,
  cache: `<script>(async () => { const cache = await caches.open('app');
    for (let n = 0; n < ${ROWS}; n++) { await cache.put('/' + n, new Response('x'.repeat(${LETTERS}))); await cache.match('/' + n); } ${DRAW}; })()</script>`,
  files: `<script>(async () => { const root = await navigator.storage.getDirectory();
    for (let n = 0; n < ${ROWS}; n++) { const handle = await root.getFileHandle('f' + n, { create: true }); const file = await handle.createWritable();
      await file.write('x'.repeat(${LETTERS})); await file.close(); await (await handle.getFile()).text(); } ${DRAW}; })()</script>`,
  'a sealed store': `<script>(async () => { const key = await crypto.subtle.importKey('raw', new Uint8Array(16), 'PBKDF2', false, ['deriveBits']);
    await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(16), iterations: 500_000 }, key, 256); ${DRAW}; })()</script>`,
  // A megapixel takes some ten milliseconds, in a thread beside the page's own.
  'a picture to decode': `<script>(async () => { const blob = await (await fetch('/large.png')).blob(); await createImageBitmap(blob); ${DRAW}; })()</script>`,
  miner: `<script>(async () => { const key = await crypto.subtle.importKey('raw', new Uint8Array(16), 'PBKDF2', false, ['deriveBits']);
    for (;;) await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(16), iterations: 100_000 }, key, 256); })()</script>`,
  // Each draws what the page was told of.
  unhandled: `<script>addEventListener('unhandledrejection', () => { document.title = 'told'; }); crypto.subtle.importKey('raw', new Uint8Array(3), 'AES-GCM', false, ['encrypt']);</script>`,
  handled: `<title>untold</title><script>addEventListener('unhandledrejection', () => { document.title = 'told'; });
    crypto.subtle.importKey('raw', new Uint8Array(3), 'AES-GCM', false, ['encrypt']).catch(() => undefined);</script>`,
  // Kept alive by a request after the other.
  log: `<script>${OPEN} opened.onsuccess = () => { const rows = store(); const next = () => { rows.put('row', 0).onsuccess = next; }; next(); };</script>`,
  logs: `<script>${OPEN} opened.onsuccess = () => { const next = () => { store().put('row', 0).onsuccess = next; }; next(); };</script>`,
};
let site: TestSite;

beforeAll(async () => {
  const picture = PNG.sync.write(new PNG({ width: 5000, height: 4000 }), { deflateLevel: 1 });
  site = await startTestSite(({ path }) =>
    path === '/large.png'
      ? { headers: { 'content-type': 'image/png' }, body: picture }
      : html(PAGES[decodeURIComponent(path).slice(1)] ?? ''),
  );
});
afterAll(() => site.close());

describe('an answer that the browser owes the page', () => {
  it.each(['one transaction', 'many in turn', 'cache', 'files', 'a sealed store', 'a picture to decode'])(
    'is waited for: %s',
    async (name) => {
      const result = await site.capture({ url: `${APP}/${encodeURIComponent(name)}`, viewport: { width: 100, height: 100 } });
      if (!result.ok) throw new Error(result.failure.detail);
      expect([...PNG.sync.read(await readFile(result.file)).data.subarray(0, 3)]).toEqual([1, 2, 3]);
      expect(result.observed.partial).toBe(false);
    },
  );

  it.each(['log', 'logs', 'miner'])('is left where it has no end: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${name}` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false, readiness: { heldBy: 'timers' } } });
    expect(result.observed.readiness?.timers).toBeLessThan(5000);
  });

  it.each([
    ['unhandled', 'told'],
    ['handled', 'untold'],
  ])('that is a refusal reaches the page as before: %s', async (name, title) => {
    const page = await site.browser.newPage({ ignoreHTTPSErrors: true });
    try {
      await page.addInitScript({ content: PROBE_SCRIPT });
      await page.goto(`${APP}/${name}`);
      expect(await page.evaluate('new Promise((resolve) => setTimeout(() => resolve(document.title), 200))')).toBe(title);
    } finally {
      await page.close();
    }
  });
});
