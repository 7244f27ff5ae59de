import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const ROWS = 10;
const TICK_MS = 120;
const add = 'document.body.append(Object.assign(document.createElement("p"), { textContent: "row" }))';
const PAGES: Record<string, string> = {
  rows: `<script>let n = 0; const timer = setInterval(() => { ${add}; if (++n === ${ROWS}) clearInterval(timer); }, ${TICK_MS});</script>`,
  framework: `<script>let n = 0; const timer = setInterval(() => { setTimeout(() => ${add}, 20); if (++n === ${ROWS}) clearTimeout(timer); }, ${TICK_MS});</script>`,
  feed: `<script>setInterval(() => { ${add}; fetch("/tick"); }, 200);</script>`,
  poll: '<script>setInterval(() => { fetch("/tick"); }, 300);</script>',
  look: '<script>setInterval(() => { window.looked = document.body.offsetHeight; }, 50);</script>',
  'look by timers': '<script>const look = () => { window.looked = document.body.offsetHeight; setTimeout(look, 50); }; look();</script>',
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => (path === '/tick' ? { body: '' } : html(PAGES[decodeURIComponent(path).slice(1)] ?? '')));
});
afterAll(() => site.close());

describe('an interval', () => {
  it.each(['rows', 'framework'])('that adds to the page is waited for to its end: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${name}` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false } });
    // Counted from when the navigation was over, which may be a tick or two after the interval began.
    expect(result.observed.readiness?.dom).toBeGreaterThan((ROWS / 2) * TICK_MS);
  });

  it.each([
    ['feed', 30],
    ['poll', 6],
  ])('without end is left: %s', async (name, ticksMax) => {
    const from = site.seen.length;
    expect(await site.capture({ url: `${APP}/${name}` })).toMatchObject({ ok: true, observed: { partial: false } });
    expect(site.seen.slice(from).filter(({ path }) => path === '/tick').length).toBeLessThan(ticksMax);
  });

  it.each(['look', 'look by timers'])('that changes nothing holds nothing up: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${encodeURIComponent(name)}` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false } });
    expect(result.observed.readiness?.timers ?? 0).toBeLessThan(2000);
  });
});
