import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp } from '#server/app.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';
import { openTcpGate, type TcpGate } from './tcp-gate.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

/** A second server on the same database, reached through a gate that can be shut. */
async function behindGate(more: { rabbitmqUrl?: string; publicKeys?: null } = {}) {
  const database = new URL(bed.databaseUrl);
  const gate: TcpGate = await openTcpGate({ host: database.hostname, port: Number(database.port) });
  const url = new URL(bed.databaseUrl);
  url.port = String(gate.port);
  const lines: string[] = [];
  const app = await startApp({
    databaseUrl: url.href,
    blobs: testBlobContainer(),
    publicKeys: { keys: (await bed.app.deps.sealer?.keys())?.map(({ jwk }) => jwk) ?? [] },
    host: '127.0.0.1',
    port: 0,
    log: createLog('second', 'info', (line) => lines.push(line)),
    settings: { drainMs: 5000 },
    ...more,
  });
  const post = (headers: Record<string, string> = {}) =>
    fetch(`${app.url}/api/captures`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(GOOD),
    });
  return {
    app,
    gate,
    lines,
    post,
    close: async () => {
      await app.close();
      await gate.close();
    },
  };
}

describe('503', () => {
  test('without its database the server answers unavailable at once, stays alive, and recovers by itself', {
    timeout: 90_000,
  }, async () => {
    const second = await behindGate();
    try {
      expect((await second.post()).status).toBe(202);
      await second.gate.cut();
      const startedAt = Date.now();
      const answer = await second.post();
      expect(Date.now() - startedAt).toBeLessThan(5000);
      expect([answer.status, (await answer.json()).code]).toEqual([503, 'unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await fetch(`${second.app.url}/readyz`)).status).toBe(503);
      expect((await fetch(`${second.app.url}/healthz`)).status).toBe(200);
      expect((await fetch(`${second.app.url}/metrics`)).status).toBe(503);
      const console = await fetch(`${second.app.url}/trpc/auth.me`, { headers: { cookie: bed.cookie } });
      expect([console.status, (await console.json()).error.data.problem.code]).toEqual([503, 'unavailable']);
      await second.gate.restore();
      await expect.poll(async () => (await second.post()).status, { timeout: 20_000, interval: 250 }).toBe(202);
      await expect.poll(async () => (await fetch(`${second.app.url}/readyz`)).status, { timeout: 20_000, interval: 250 }).toBe(200);
    } finally {
      await second.close();
    }
  });

  test('a broker that is away matters to nobody who posts', async () => {
    const second = await behindGate({ rabbitmqUrl: 'amqp://127.0.0.1:1' });
    try {
      expect((await second.post()).status).toBe(202);
      const ready = await fetch(`${second.app.url}/readyz`);
      expect([ready.status, (await ready.json()).status]).toEqual([200, 'degraded']);
    } finally {
      await second.close();
    }
  });

  test('without a public key of the runners nothing is accepted', async () => {
    const second = await behindGate({ publicKeys: null });
    try {
      const answer = await second.post();
      expect([answer.status, (await answer.json()).code]).toEqual([503, 'unavailable']);
      expect((await fetch(`${second.app.url}/api/keys/runner`)).status).toBe(503);
      expect((await fetch(`${second.app.url}/readyz`)).status).toBe(503);
    } finally {
      await second.close();
    }
  });
});

describe('drain', () => {
  test('long polls end at once, /readyz says no, requests that run are finished', { timeout: 60_000 }, async () => {
    const second = await behindGate();
    await createFakeRunner(bed).rest();
    const claim = fetch(`${second.app.url}/runner/v1/claim`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.runnerToken}`, 'content-type': 'application/json' },
      body: '{"waitMs":25000}',
    });
    await expect.poll(async () => (await fetch(`${second.app.url}/healthz`)).status).toBe(200);
    const startedAt = Date.now();
    second.app.drain();
    expect((await claim).status).toBe(204);
    const ready = await fetch(`${second.app.url}/readyz`);
    expect([ready.status, (await ready.json()).status]).toEqual([503, 'draining']);
    await second.close();
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    await expect(fetch(`${second.app.url}/healthz`)).rejects.toThrow();
  });
});

test('who waits for a capture while the server drains is told that it is accepted, and not that the wait was applied', async () => {
  const second = await behindGate();
  const countOf = async () => (await bed.sql('select count(*) from capture'))[0]?.count;
  const before = await countOf();
  const waiting = second.post({ prefer: 'wait=50' });
  await expect.poll(countOf, { timeout: 10_000 }).not.toBe(before);
  second.app.drain();
  const told = await waiting;
  expect([told.status, told.headers.get('preference-applied')]).toEqual([202, null]);
  await second.close();
});

test('an open stream does not hold up a stop', { timeout: 60_000 }, async () => {
  const second = await behindGate();
  const stream = await fetch(`${second.app.url}/trpc/captures.onChange?input=%7B%7D`, {
    headers: { cookie: bed.cookie, accept: 'text/event-stream' },
  });
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  const ended = stream.text();
  const startedAt = Date.now();
  await second.close();
  await ended.catch(() => undefined); // cut off or ended: both are an end
  // A stream that held it up would have used up the whole drain.
  expect(Date.now() - startedAt).toBeLessThan(LIMITS.serverDrainMsMax);
});

test('a fault of ours is 500 with a request id, told whole in the log and not at all to the caller', async () => {
  await bed.sql('alter table capture rename column reference to reference_gone');
  try {
    const answer = await bed.call('/api/captures?reference=x');
    const problem = problemOf(answer);
    expect([answer.status, problem.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/column|reference_gone|\.ts|at /);
    const line = bed.logs.find((each) => each.includes(problem.requestId) && each.includes('"error"'));
    expect(line).toContain('reference');
  } finally {
    await bed.sql('alter table capture rename column reference_gone to reference');
  }
});

test('a key made while the server runs works at once, and not any more once it is revoked', async () => {
  const { apiKey, key } = await createApiKey(bed.app.deps, bed.operator, { name: 'brief', scopes: ['captures:read'] });
  expect((await bed.call('/api/captures', { key })).status).toBe(200);
  await bed.call('/trpc/keys.revoke', { key: null, body: { id: apiKey.id }, headers: { cookie: bed.cookie, 'x-sessionshot': '1' } });
  expect((await bed.call('/api/captures', { key })).status).toBe(401);
});
