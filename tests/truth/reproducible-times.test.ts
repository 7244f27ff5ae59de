import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

const APP = 'https://app.example.com';
const START = Date.parse('2025-01-01T00:00:00.000Z');
/** Tells the server what each of the lesser clocks of a page says, at the start and from a timer. */
const PAGE = `<h1>Clocks</h1><p id="done"></p><script>
const told = {};
const event = new Event('x');
const look = (at) => Object.assign(told, {
  [at + 'Event']: new Event('x').timeStamp, [at + 'First']: event.timeStamp, [at + 'Timeline']: document.timeline.currentTime,
});
look('start');
told.navigationStart = performance.timing.navigationStart; told.loadEventEnd = performance.timing.loadEventEnd;
told.timingJson = performance.timing.toJSON().fetchStart; told.origin = performance.toJSON().timeOrigin; told.json = performance.toJSON().timing.fetchStart;
told.file = new File(['x'], 'x').lastModified; told.dated = new File(['x'], 'x', { lastModified: 5 }).lastModified;
told.text = new File(['ab'], 'x.txt', { type: 'text/plain' }).type; told.isFile = new File([], 'x') instanceof File;
onmessage = (message) => { told.message = message.timeStamp; };
postMessage(1);
setTimeout(() => {
  look('timer'); told.now = performance.now();
  fetch('/told', { method: 'POST', body: JSON.stringify(told) }).then(() => { done.textContent = 'told'; });
}, 300);
</script>`;

let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => html(path === '/' ? PAGE : ''));
});
afterAll(() => site.close());

async function clocks(reproducible: boolean): Promise<unknown> {
  site.seen.length = 0;
  expect(await site.capture({ url: `${APP}/`, reproducible, waitFor: { text: 'told' } })).toMatchObject({ ok: true });
  return JSON.parse(site.seen.find(({ path }) => path === '/told')?.body ?? 'null');
}

it('the lesser clocks of a reproducible page go by the same clock in each run', async () => {
  const told = await clocks(true);
  expect(told).toEqual({
    ...{ startEvent: 0, startFirst: 0, startTimeline: 0, navigationStart: START, loadEventEnd: 0, timingJson: START, origin: START },
    ...{ json: START, file: START, dated: 5, text: 'text/plain', isFile: true, message: expect.any(Number) },
    ...{ timerEvent: 300, timerFirst: 0, timerTimeline: 300, now: 300 },
  });
  expect(await clocks(true)).toEqual({ ...Object(told), message: expect.any(Number) });
});

it('they go by the real one otherwise', async () => {
  expect(await clocks(false)).not.toMatchObject({ navigationStart: START });
});
