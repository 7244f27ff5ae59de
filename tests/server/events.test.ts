import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEvents, notify } from '#server/db/notifications.ts';
import type { ServerEvent } from '#server/domain/ports.ts';
import { createLog } from '#shared/log.ts';
import { createDomainBed, type DomainBed } from './domain-bed.ts';
import { createFreezableProxy } from './freezable-proxy.ts';

const log = createLog('test', 'error', () => undefined);
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());

const say = (jobId: string) => bed.deps.db.fork().transactional((em) => notify(em, { kind: 'job', jobId }));
const is = (jobId: string) => (event: ServerEvent) => event.kind === 'job' && event.jobId === jobId;
/** Says it until it is heard: whether a connection is up already cannot be seen from outside. */
async function hears(events: { next: typeof bed.deps.events.next }, jobId: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const heard = events.next(is(jobId), 500);
        await say(jobId);
        return await heard;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
}

test('an event reaches every server when its transaction commits, and not when it is rolled back', async () => {
  const other = createEvents(bed.databaseUrl, log);
  await hears(other, 'ready');
  const heard: ServerEvent[] = [];
  const off = other.on((event) => heard.push(event));
  const rolledBack = bed.deps.db.fork().transactional(async (em) => {
    await notify(em, { kind: 'job', jobId: 'rolled back' });
    throw new Error('no');
  });
  await expect(rolledBack).rejects.toThrow('no');
  const committed = other.next(is('committed'), 5_000);
  await say('committed');
  expect(await committed).toBe(true);
  expect(heard).toEqual([{ kind: 'job', jobId: 'committed' }]);
  off();
  await other.close();
});

test('waiting ends at its time or with its signal', async () => {
  expect(await bed.deps.events.next(() => false, 10)).toBe(false);
  expect(await bed.deps.events.next(() => true, 10_000, AbortSignal.abort())).toBe(false);
  const stop = new AbortController();
  const waiting = bed.deps.events.next(() => false, 10_000, stop.signal);
  stop.abort();
  expect(await waiting).toBe(false);
});

test('what is not an event of ours is passed over', async () => {
  const next = bed.deps.events.next(is('real'), 5_000);
  await bed.sql(`select pg_notify('sessionshot', 'nonsense'), pg_notify('sessionshot', '{"kind":"job"}')`);
  await say('real');
  expect(await next).toBe(true);
});

test('after the database was away it listens again, and closing never hangs', async () => {
  const url = new URL(bed.databaseUrl);
  const proxy = await createFreezableProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const events = createEvents(url.href, log);
  await hears(events, 'first');
  proxy.cut();
  await hears(events, 'second');
  proxy.freeze();
  const began = Date.now();
  await events.close();
  expect(Date.now() - began).toBeLessThan(8_000);
  await proxy.close();
});

test('an event of a server that does not say whether a capture is final wakes those who wait for that', async () => {
  const next = bed.deps.events.next((event) => event.kind === 'capture' && event.captureId === 'old' && event.isFinal, 5_000);
  await bed.sql(`select pg_notify('sessionshot', '{"kind":"capture","captureId":"old","workspaceId":"w"}')`);
  expect(await next).toBe(true);
});
