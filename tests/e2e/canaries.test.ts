import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { serviceAddress } from '../services/service-address.ts';
import { findPostgresBin } from '../services/start-postgres.ts';
import { type Distributed, startDistributed } from './start-distributed.ts';

// Promise: what a request carries in secret is nowhere but in the sealed payload and in the runner's memory.
const canary = (place: string) => `canary${place}${randomBytes(9).toString('hex')}`;
const canaries = {
  cookie: canary('cookie'),
  storage: canary('storage'),
  header: canary('header'),
  query: canary('query'),
  fragment: canary('fragment'),
  fill: canary('fill'),
  bearer: canary('bearer'),
};
let shop: Distributed;
const seen: string[] = [];

beforeAll(async () => {
  shop = await startDistributed();
});
afterAll(async () => await shop.close());

const dump = () =>
  execFileSync(join(findPostgresBin() ?? '', 'pg_dump'), ['--inserts', shop.databaseUrl], { encoding: 'utf8', maxBuffer: 1 << 28 });

/** Reads every message in the queue and puts it back by leaving it unacknowledged. */
async function readMessages(): Promise<string[]> {
  const connection = new Connection(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const channel = await connection.acquire();
  const bodies: string[] = [];
  for (let i = 0; i < 500; i++) {
    const message = await channel.basicGet({ queue: WAKE_UP_QUEUE, noAck: false });
    if (!message) break;
    bodies.push(JSON.stringify({ body: message.body, headers: message.headers, id: message.messageId }));
  }
  await channel.close();
  await connection.close();
  return bodies;
}

function expectNoCanary(where: string, text: string): void {
  for (const [place, value] of Object.entries(canaries)) expect(text.includes(value), `the ${place} canary in ${where}`).toBe(false);
}

async function consoleResponses(): Promise<string> {
  const { body: list } = await shop.api.call('GET', '/api/captures?limit=100');
  const details = await Promise.all((list.data ?? []).map((capture) => shop.api.call('GET', `/api/captures/${capture.id}`)));
  return JSON.stringify([list, details.map((detail) => detail.body)]);
}

test('no canary is in the database, the messages, the logs or the answers, neither while captures wait nor when they are done', {
  timeout: 300_000,
}, async () => {
  const state = structuredClone(shop.demo.storageState);
  state.cookies.push({ ...(state.cookies[0] ?? { domain: 'localhost', path: '/' }), name: 'extra', value: canaries.cookie });
  state.origins[0]?.localStorage.push({ name: 'extra', value: canaries.storage });
  const request = {
    url: `${shop.demo.origin}/?token=${canaries.query}#${canaries.fragment}`,
    auth: { storageState: state, headers: { 'x-secret': canaries.header }, bearer: canaries.bearer },
    actions: [{ type: 'fill', selector: '#no-such-field', value: canaries.fill, timeout: 200 }],
    output: { format: 'png' },
  };
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) {
    const optional = i % 2 === 0;
    const body = { ...request, actions: request.actions.map((action) => ({ ...action, optional })) };
    const { status, body: capture } = await shop.api.call('POST', '/api/captures', body);
    expect(status, JSON.stringify(capture)).toBe(202);
    seen.push(JSON.stringify(capture));
    ids.push(capture.id);
  }
  await expect.poll(async () => (await readMessages()).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(20);
  const queued = dump();
  expect(queued).toContain('capture_payload');
  expectNoCanary('the database while queued', queued);
  expectNoCanary('the messages', (await readMessages()).join('\n'));
  expectNoCanary('the answers', `${seen.join('\n')}${await consoleResponses()}`);
  await shop.startRunner('late');
  const captures = await Promise.all(ids.map((id) => shop.api.follow(id, 200_000)));
  expect(captures.filter((capture) => capture.status === 'succeeded')).toHaveLength(10);
  expect(captures.filter((capture) => capture.error?.code === 'action_timeout')).toHaveLength(10);
  expectNoCanary('the database when done', dump());
  expectNoCanary('the answers when done', `${JSON.stringify(captures)}${await consoleResponses()}`);
  expectNoCanary('the logs', shop.output());
});
