import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Distributed, startDistributed } from './start-distributed.ts';

// Two servers, each a process of its own, on one database: what one has let through the other one knows.
const BURST = 39;
const ALLOWED = BURST + 1;
let shop: Distributed;
beforeAll(async () => {
  shop = await startDistributed({ SESSIONSHOT_KEY_RATE_PER_SECOND: '1', SESSIONSHOT_KEY_RATE_BURST: String(BURST) });
});
afterAll(async () => await shop?.close());

const of = (index: number) => (index % 2 ? shop.otherApi : shop.api);

test('a key has one rate at both, and Retry-After of the one holds at the other', async () => {
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 3 * ALLOWED }, (_, index) => of(index).call('GET', '/api/captures')));
  const seconds = (performance.now() - begun) / 1000;
  const through = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  expect(through.length + refused.length).toBe(answers.length);
  expect(through.length).toBeGreaterThanOrEqual(ALLOWED);
  // One comes back each second; each server for itself would have let twice as many through.
  expect(through.length).toBeLessThanOrEqual(ALLOWED + Math.ceil(seconds));
  for (const { headers } of refused) expect(headers.get('ratelimit-limit')).toBe(String(ALLOWED));

  let last = await shop.api.call('GET', '/api/captures');
  for (let i = 0; i < 50 && last.status !== 429; i++) last = await shop.api.call('GET', '/api/captures');
  expect(last.status).toBe(429);
  const until = Date.now() + Number(last.headers.get('retry-after')) * 1000;
  await expect.poll(() => Date.now() >= until, { timeout: 10_000, interval: 50 }).toBe(true);
  expect((await shop.otherApi.call('GET', '/api/captures')).status).toBe(200);
});

test('guesses at a password are counted together', async () => {
  const guess = async (index: number) => {
    const answer = await fetch(`${index % 2 ? shop.otherUrl : shop.url}/trpc/auth.signIn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sessionshot': '1' },
      body: JSON.stringify({ email: 'owner@example.com', password: `guess number ${index}` }),
    });
    return { status: answer.status, wait: Number(answer.headers.get('retry-after')) };
  };
  const heard = [];
  for (let i = 0; i < 14; i++) heard.push(await guess(i));
  expect(heard.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429, 429, 429]);
  for (const { wait } of heard.slice(10)) {
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(90);
  }
});
