import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptInvite, createInvite } from '#server/domain/access/invites.ts';
import { isId } from '#shared/ids.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed({ settings: { keyRatePerSecond: 2, keyRateBurst: 3, queuedPerWorkspaceMax: 2 } });
});
afterAll(() => bed?.close());

test('over its rate a key is answered 429 with the time to wait; another key is not', async () => {
  const key = await bed.makeKey();
  const from = Date.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => bed.call('/api/captures', { key })));
  const seconds = (Date.now() - from) / 1000;
  const refused = answers.filter(({ status }) => status === 429);
  const allowed = answers.filter(({ status }) => status === 200);
  expect(refused.length + allowed.length).toBe(20);
  // Two a second and three more at once, and two for each second that the twenty are on their way.
  expect(allowed.length).toBeGreaterThanOrEqual(5);
  expect(allowed.length).toBeLessThanOrEqual(5 + Math.ceil(2 * seconds));
  for (const answer of refused) {
    expect(problemOf(answer).code).toBe('rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('ratelimit-limit')).toBe('5');
    expect(answer.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(answer.headers.get('ratelimit-reset'))).toBeGreaterThanOrEqual(1);
  }
  expect((await bed.call('/api/captures', { key: await bed.makeKey() })).status).toBe(200);
});

test('obeying Retry-After works', async () => {
  const key = await bed.makeKey();
  let refused = await bed.call('/api/captures', { key });
  for (let i = 0; i < 30 && refused.status !== 429; i++) refused = await bed.call('/api/captures', { key });
  expect(refused.status).toBe(429);
  const waitMs = Number(refused.headers.get('retry-after')) * 1000;
  const until = Date.now() + waitMs;
  await expect.poll(() => Date.now() >= until, { timeout: waitMs + 5000, interval: 50 }).toBe(true);
  expect((await bed.call('/api/captures', { key })).status).toBe(200);
});

test('who has too much waiting is told queue_full; a repeat of an accepted request is still answered', async () => {
  const post = async (idempotency: string) =>
    bed.call('/api/captures', { key: await bed.makeKey(), body: GOOD, headers: { 'idempotency-key': idempotency } });
  expect([(await post('a')).status, (await post('b')).status]).toEqual([202, 202]);
  const third = await post('c');
  expect([third.status, problemOf(third).code]).toEqual([429, 'queue_full']);
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
});

test('signing in is limited by address and name', async () => {
  const attempt = () =>
    bed.call('/trpc/auth.signIn', {
      key: null,
      body: { email: 'nobody@example.com', password: 'wrong-password-1' },
      headers: { 'x-sessionshot': '1' },
    });
  const answers = [];
  for (let i = 0; i < 12; i++) answers.push(await attempt());
  const statuses = answers.map(({ status }) => status);
  expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
  expect(statuses.slice(10)).toEqual([429, 429]);
  for (const { headers } of answers.slice(10)) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
});

test('guesses at an account by an invite are counted with those at signing in', async () => {
  const { deps } = bed.app;
  const email = 'invited@example.com';
  const first = await createInvite(deps, bed.operator, { email, role: 'viewer' });
  await acceptInvite(deps, { token: first.token, name: 'I', password: 'three herrings on a bicycle' });
  await bed.otherWorkspace();
  const [other] = await bed.sql('select id from workspace where id <> $1', [bed.operator.workspaceId]);
  if (typeof other?.id !== 'string' || !isId('workspace', other.id)) throw new Error('there is no other workspace');
  const { token } = await createInvite(deps, { ...bed.operator, workspaceId: other.id }, { email, role: 'viewer' });
  const send = (path: string, body: object) => bed.call(`/trpc/${path}`, { key: null, body, headers: { 'x-sessionshot': '1' } });
  const heard = [];
  for (let i = 0; i < 12; i++) {
    const password = `wrong guess number ${i}`;
    heard.push((await (i % 2 ? send('invites.accept', { token, password }) : send('auth.signIn', { email, password }))).status);
  }
  expect(heard).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
});
