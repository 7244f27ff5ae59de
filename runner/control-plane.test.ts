import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import { observedSchema } from '#shared/runner-protocol.ts';
import { secret } from '#shared/secret.ts';
import { type ControlPlane, ControlPlaneError, createControlPlane, LeaseLost } from './control-plane.ts';
import { type ProtocolServer, type ServedJob, startProtocolServer } from './fixtures/protocol-server.ts';
import { startSite } from './fixtures/site.ts';
import { holdLease, type LeaseEnd, type Progress } from './hold-lease.ts';

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const log = createLog('test', 'error', () => undefined);
const never = new AbortController().signal;
let server: ProtocolServer;
let control: ControlPlane;

beforeEach(async () => {
  server = await startProtocolServer(TOKEN);
  control = createControlPlane({ serverUrl: `${server.url}/`, token: secret(TOKEN), log });
});
afterEach(() => server.close());

const offer = () => server.offer({ sealed: 'a.b.c.d.e', captureId: makeId('capture'), workspaceId: makeId('workspace'), domains: [] });
const failure = (job: ServedJob) => ({
  leaseToken: job.claim.leaseToken,
  observed: observedSchema.parse({}),
  failure: { code: 'internal' as const, detail: 'd', step: null },
  sideEffects: false,
});

describe('the calls', () => {
  it('claim the job that was named, any job, or none', async () => {
    const [first, second] = [offer(), offer()];
    expect((await control.claim({ jobId: second.claim.jobId, waitMs: 0 }, never))?.jobId).toBe(second.claim.jobId);
    expect((await control.claim({ waitMs: 0 }, never))?.jobId).toBe(first.claim.jobId);
    expect(await control.claim({ waitMs: 0 }, never)).toBeNull();
  });

  it('report again and again while the server is away, and stop when the time for it is over', async () => {
    const job = offer();
    server.breakNext(/fail$/, 503, 2);
    await control.fail(job.claim.jobId, failure(job), () => Date.now() + 10_000);
    expect(job.reports).toHaveLength(1);
    server.breakNext(/fail$/, 503, 99);
    await expect(control.fail(job.claim.jobId, failure(job), () => Date.now() - 1)).rejects.toThrow(ControlPlaneError);
  });

  it('say that the lease is lost, without a second try', async () => {
    const job = offer();
    job.isLost = true;
    await expect(control.fail(job.claim.jobId, failure(job), () => Date.now() + 10_000)).rejects.toThrow(LeaseLost);
    expect(server.calls).toHaveLength(1);
  });

  it('tell a refused token from a server that is away', async () => {
    const stranger = createControlPlane({ serverUrl: server.url, token: secret('ss_run_other'), log });
    await expect(stranger.claim({ waitMs: 0 }, never)).rejects.toMatchObject({
      status: 401,
      isTransient: false,
      message: expect.stringContaining('sessionshot runner token'),
    });
    await server.close();
    await expect(control.claim({ waitMs: 0 }, never)).rejects.toMatchObject({ status: null, isTransient: true });
    server = await startProtocolServer(TOKEN);
  });

  it('follow no redirect, which would carry the token to another host, and believe no answer of another form', async () => {
    const other = await startSite((_request, response) => void response.end('{}'));
    const redirecting = await startSite(
      (_request, response) => void response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end(),
    );
    await expect(
      createControlPlane({ serverUrl: `http://127.0.0.1:${redirecting.port}`, token: secret(TOKEN), log }).claim({ waitMs: 0 }, never),
    ).rejects.toThrow(ControlPlaneError);
    expect(other.requests).toHaveLength(0);
    await expect(
      createControlPlane({ serverUrl: `http://127.0.0.1:${other.port}`, token: secret(TOKEN), log }).claim({ waitMs: 0 }, never),
    ).rejects.toThrow(/not understood/);
    await other.close();
    await redirecting.close();
  });
});

describe('a held lease', () => {
  const hold = (job: ServedJob) => {
    const progress: Progress = { step: 'claimed', sideEffects: false };
    const { promise: end, resolve } = Promise.withResolvers<LeaseEnd>();
    return { progress, end, held: holdLease({ control, claim: job.claim, progress: () => ({ ...progress }), onEnd: resolve, log }) };
  };

  it('shows each step as it begins, not with the next heartbeat', async () => {
    const job = offer();
    const { progress, held } = hold(job);
    await server.until(() => job.steps.includes('claimed'));
    progress.step = 'navigate';
    held.pulse();
    const startedAt = Date.now();
    await server.until(() => job.steps.includes('navigate'));
    expect(Date.now() - startedAt).toBeLessThan(2000);
    held.end();
  });

  it('tells of a cancel and of a lost lease', async () => {
    const [canceled, lost] = [offer(), offer()];
    canceled.isCanceled = true;
    lost.isLost = true;
    expect(await hold(canceled).end).toBe('canceled');
    expect(await hold(lost).end).toBe('lease_lost');
  });

  it('goes on while the server is broken, and is silent after its end', async () => {
    const job = offer();
    server.breakNext(/heartbeat$/, 503, 2);
    const { held } = hold(job);
    await server.until(() => job.steps.length > 0);
    const before = held.until();
    job.isCanceled = true;
    held.end();
    const calls = server.calls.length;
    expect(before).toBeGreaterThan(Date.now());
    await control.claim({ waitMs: 0 }, never);
    expect(server.calls).toHaveLength(calls + 1);
  });
});
