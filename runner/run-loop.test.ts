import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { secret } from '#shared/secret.ts';
import type { AttemptEnd, Surroundings } from './attempt.ts';
import { createControlPlane } from './control-plane.ts';
import { type ProtocolServer, startProtocolServer } from './fixtures/protocol-server.ts';
import { createPollJobSource } from './job-source/poll-job-source.ts';
import { type RunLoop, startRunLoop } from './run-loop.ts';
import { countSlots, createSlots } from './slots.ts';

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const log = createLog('test', 'error', () => undefined);
let server: ProtocolServer;
beforeEach(async () => {
  server = await startProtocolServer(TOKEN);
});
afterEach(() => server.close());

const offer = (more: { alone?: true } = {}) =>
  server.offer({ sealed: 'a.b.c.d.e', captureId: makeId('capture'), workspaceId: makeId('workspace'), domains: [], ...more });

/** A loop whose attempts end when the test says so; they change the state that `server.until` looks at by a call. */
type Started = { loop: RunLoop; running: Map<string, () => void>; claimNext: Map<string, () => void>; given: string[]; peak: () => number };

function startLoop(size: number): Started {
  const slots = createSlots(size, log, () => Number.MAX_SAFE_INTEGER);
  const control = createControlPlane({ serverUrl: server.url, token: secret(TOKEN), log });
  const running = new Map<string, () => void>();
  const claimNext = new Map<string, () => void>();
  const given: string[] = [];
  let peak = 0;
  const attempt = async (claim: Claim, { drain: giveBack, claimNext: next, beAlone }: Surroundings): Promise<AttemptEnd> => {
    claimNext.set(claim.jobId, next);
    if (claim.alone && !(await beAlone(giveBack))) {
      given.push(claim.jobId);
      return 'released';
    }
    const { promise, resolve } = Promise.withResolvers<AttemptEnd>();
    running.set(claim.jobId, () => resolve('completed'));
    peak = Math.max(peak, running.size);
    giveBack.addEventListener('abort', () => {
      given.push(claim.jobId);
      resolve('released');
    });
    const end = await promise;
    running.delete(claim.jobId);
    return end;
  };
  const loop = startRunLoop({
    source: createPollJobSource({ control, slots, log, backoffMsMax: 500 }),
    attempt,
    slots,
    log,
  });
  return { loop, running, claimNext, given, peak: () => peak };
}

describe('the run loop', () => {
  it('claims the next job while one is on its way to the store, and drains only when that is done', async () => {
    const jobs = [offer(), offer()];
    const { loop, running, claimNext } = startLoop(1);
    await expect.poll(() => running.size).toBe(1);
    claimNext.get(jobs[0]?.claim.jobId ?? '')?.();
    await expect.poll(() => [...running.keys()]).toEqual([jobs[0]?.claim.jobId, jobs[1]?.claim.jobId]);
    const drained = loop.drain(5000);
    running.get(jobs[1]?.claim.jobId ?? '')?.();
    await expect.poll(() => [...running.keys()]).toEqual([jobs[0]?.claim.jobId]);
    expect(loop.running()).toBe(1);
    running.get(jobs[0]?.claim.jobId ?? '')?.();
    await drained;
    expect(loop.running()).toBe(0);
  });

  it('never claims more than it has slots for, and claims the next when one is free', async () => {
    const jobs = [offer(), offer(), offer()];
    const { loop, running, peak } = startLoop(2);
    await expect.poll(() => running.size).toBe(2);
    expect(server.calls.filter((call) => call.endsWith('/claim'))).toHaveLength(2);
    running.get(jobs[0]?.claim.jobId ?? '')?.();
    await expect.poll(() => [...running.keys()]).toEqual([jobs[1]?.claim.jobId, jobs[2]?.claim.jobId]);
    expect(peak()).toBe(2);
    for (const end of running.values()) end();
    await loop.drain(1000);
  });

  it('lets running attempts finish when it drains, and claims nothing more', async () => {
    const job = offer();
    const { loop, running, given } = startLoop(2);
    await expect.poll(() => running.size).toBe(1);
    const drained = loop.drain(10_000);
    offer();
    running.get(job.claim.jobId)?.();
    await drained;
    expect(given).toEqual([]);
    expect(running.size).toBe(0);
    expect(loop.running()).toBe(0);
  });

  it('runs a suspect with nothing beside it, which waits for the tail of another and keeps the next one out', async () => {
    const { loop, running, claimNext, peak } = startLoop(2);
    const before = offer();
    await expect.poll(() => running.size).toBe(1);
    claimNext.get(before.claim.jobId)?.();
    const suspect = offer({ alone: true });
    await expect.poll(() => loop.running()).toBe(2);
    const after = offer();
    await expect.poll(() => [...claimNext.keys()]).toEqual([before.claim.jobId, suspect.claim.jobId]);
    running.get(before.claim.jobId)?.();
    await expect.poll(() => [...running.keys()]).toEqual([suspect.claim.jobId]);
    claimNext.get(suspect.claim.jobId)?.();
    expect(server.calls.filter((call) => call.endsWith('/claim'))).toHaveLength(2);
    running.get(suspect.claim.jobId)?.();
    await expect.poll(() => [...running.keys()]).toEqual([after.claim.jobId]);
    expect(peak()).toBe(1);
    running.get(after.claim.jobId)?.();
    await loop.drain(1000);
  });

  it('gives a second suspect back, and one that cannot be alone before the end of draining', async () => {
    const { loop, running, given } = startLoop(3);
    const before = offer();
    await expect.poll(() => running.size).toBe(1);
    const [first, second] = [offer({ alone: true }), offer({ alone: true })];
    await expect.poll(() => loop.running()).toBe(2);
    expect(second.claimed).toBeNull();
    await loop.drain(50);
    expect(given.sort()).toEqual([before.claim.jobId, first.claim.jobId].sort());
    expect(loop.running()).toBe(0);
  });

  it('gives back what is not finished when the time for draining is over', async () => {
    const job = offer();
    const { loop, running, given } = startLoop(1);
    await expect.poll(() => running.size).toBe(1);
    await loop.drain(50);
    expect(given).toEqual([job.claim.jobId]);
    expect(loop.running()).toBe(0);
  });

  it('goes on when the server comes back after it was away', async () => {
    server.breakNext(/claim$/, 503, 2);
    const { loop, running } = startLoop(1);
    offer();
    await expect.poll(() => running.size, { timeout: 10_000 }).toBe(1);
    await loop.drain(0);
  });
});

describe('slots', () => {
  it('tell when somebody waits, and end the watch when nobody does in time', async () => {
    const slots = createSlots(1, log, () => Number.MAX_SAFE_INTEGER);
    const never = new AbortController().signal;
    const release = await slots.take(never);
    const told: string[] = [];
    const watch = slots.wanted(never).then(() => told.push('wanted'));
    await slots.wanted(AbortSignal.abort()); // over at once
    expect(told).toEqual([]);
    const second = slots.take(never);
    await watch;
    expect(told).toEqual(['wanted']);
    await slots.wanted(never); // somebody waits already
    release?.();
    (await second)?.();
  });

  it('are as many as cores and memory carry, and one at least', () => {
    const MIB = 1024 * 1024;
    expect(countSlots({ cores: 2, freeBytes: 16_000 * MIB })).toBe(4);
    expect(countSlots({ cores: 8, freeBytes: 1536 * MIB })).toBe(4);
    expect(countSlots({ cores: 8, freeBytes: 300 * MIB })).toBe(1);
    expect(countSlots({ cores: 500, freeBytes: 1e15 })).toBe(64);
  });

  it('are given in turn and back once, and not at all after a stop', async () => {
    const slots = createSlots(1, log);
    const stop = new AbortController();
    const release = await slots.take(stop.signal);
    expect(slots.free()).toBe(0);
    const waiting = slots.take(stop.signal);
    release?.();
    release?.();
    const second = await waiting;
    expect(second).not.toBeNull();
    expect(slots.free()).toBe(0);
    const stopped = slots.take(stop.signal);
    stop.abort();
    expect(await stopped).toBeNull();
    second?.();
    expect(slots.free()).toBe(1);
  });

  it('let one be alone when the others are free, a second one not, and open again', async () => {
    const slots = createSlots(3, log, () => Number.MAX_SAFE_INTEGER);
    const signal = new AbortController().signal;
    const [own, other] = [await slots.take(signal), await slots.take(signal)];
    let open: (() => void) | null | undefined;
    const alone = slots.alone(signal).then((way) => {
      open = way;
    });
    expect(await slots.alone(signal)).toBeNull();
    let third: (() => void) | null | undefined;
    const waiting = slots.take(signal).then((release) => {
      third = release;
    });
    expect(open).toBeUndefined();
    other?.();
    await alone;
    expect(third).toBeUndefined();
    own?.();
    open?.();
    await waiting;
    expect(third).not.toBeNull();
    expect(await slots.alone(AbortSignal.abort())).toBeNull();
    expect(await slots.take(signal)).not.toBeNull();
  });

  it('let one be alone while another waits for memory, which is given its slot afterwards', async () => {
    const slots = createSlots(2, log, () => 0);
    const never = new AbortController().signal;
    const own = await slots.take(never);
    const parked = slots.take(never);
    const open = await slots.alone(never);
    expect(open).not.toBeNull();
    expect(slots.free()).toBe(1);
    own?.();
    open?.();
    const release = await parked;
    expect(slots.free()).toBe(1);
    release?.();
    expect(slots.free()).toBe(2);
  });

  it('stay shut while memory is short, but for a runner that does nothing', async () => {
    let free = 0;
    const slots = createSlots(2, log, () => free);
    const never = new AbortController().signal;
    const first = await slots.take(never);
    expect(first).not.toBeNull();
    let got = false;
    const second = slots.take(never).then((release) => {
      got = true;
      return release;
    });
    await Promise.resolve();
    expect(got).toBe(false);
    free = Number.MAX_SAFE_INTEGER;
    expect(await second).not.toBeNull();
  });
});
