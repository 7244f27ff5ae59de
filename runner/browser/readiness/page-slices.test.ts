import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { watchSlices } from './page-slices.ts';

const APP = 'https://app.example.com';
const PAGES: Record<string, string> = {
  '/receiver': `<p id="told"></p><script>'use strict';
    const told = [];
    const tell = (what) => { told.push(what); document.getElementById('told').textContent = told.join(', '); };
    setTimeout(function () { tell(this === window ? 'timer: window' : 'timer: ' + this); }, 5);
    requestIdleCallback(function () { tell('idle: ' + this); });
  </script>`,
};
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path] ?? ''));
});
afterAll(() => site.close());

describe('what is measured as a slice', () => {
  it.each(['timer: window', 'idle: undefined'])('is called as the browser calls it, in strict code too: %s', async (text) => {
    const result = await site.capture({ url: `${APP}/receiver`, expect: [{ text }] });
    expect(result.ok ? 'captured' : result.failure.detail).toBe('captured');
  });
});

/** Runs slices of 5 ms by a clock of our own, one after the other, and `work` between them; gives back what it returns. */
async function withSlices<T>(work: string): Promise<T> {
  const page = await site.browser.newPage();
  try {
    return await page.evaluate<T>(`(async () => {
      const clock = { at: 1000 };
      const slices = (${watchSlices})({ now: () => clock.at });
      const slice = () => new Promise((resolve) => setTimeout(() => { clock.at += 5; resolve(); }, 0));
      ${work}
    })()`);
  } finally {
    await page.close();
  }
}

describe('work in slices', () => {
  it('is given the short pause again where an idle moment was asked for and no longer is', async () => {
    const pauses = await withSlices<number[]>(`
      const asked = requestIdleCallback(() => undefined, { timeout: 1e6 });
      for (let count = 0; count < 3; count++) await slice();
      const before = slices.owedUntil() - clock.at;
      cancelIdleCallback(asked);
      return [before, slices.owedUntil() - clock.at];`);
    expect(pauses).toEqual([250, 60]);
  });

  it('is not charged the time in which something else held the page', async () => {
    const owed = await withSlices<(number | null)[]>(`
      const seen = [];
      for (let round = 0; round < 3; round++) {
        for (let count = 0; count < 3; count++) await slice();
        seen.push(slices.owedUntil() === null);
        clock.at += 10_000;
      }
      return seen;`);
    expect(owed).toEqual([false, false, false]);
  });

  it('holds a page up for a second and a half of looks at most', async () => {
    const looks = await withSlices<number>(`
      let looks = 0;
      for (; looks < 100; looks++) {
        for (let count = 0; count < 3; count++) await slice();
        if (slices.owedUntil() === null) break;
        clock.at += 35;
      }
      return looks;`);
    expect(looks).toBe(31);
  });
});
