import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** Takes an answer apart in several tasks, each of which takes its time, and asks once more before it writes down the hour. */
const PAGE = `<p id="hour">waiting</p><script>
const work = async () => { for (let task = 0; task < 12; task++) { await new Promise((go) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = go; port2.postMessage(0); }); for (let i = 0, x = 0; i < 3e6; i++) x += i; } };
(async () => { for (const path of ['/one', '/two']) { await (await fetch(path)).text(); await work(); } document.getElementById('hour').textContent = 'read at ' + new Date().toISOString(); })();
</script>`;
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => (path === '/' ? html(PAGE) : { body: 'data' }));
});
afterAll(() => site.close());

it('the clock of a reproducible page stands while an answer is read, however long that takes', async () => {
  for (let times = 0; times < 3; times++) {
    const result = await site.capture({ url: APP, reproducible: true, expect: [{ text: 'read at 2025-01-01T00:00:00.000Z' }] });
    expect(result.ok ? 'captured' : result.failure.detail).toBe('captured');
  }
});
