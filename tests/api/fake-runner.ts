import { createHash } from 'node:crypto';
import { type FailureCode, failure } from '#shared/failure.ts';
import { type Claim, claimSchema } from '#shared/runner-protocol.ts';
import type { ApiBed } from './api-bed.ts';

/** Speaks the runner protocol over HTTP, without a browser: claims, stores a few bytes, reports. */
export function createFakeRunner(bed: ApiBed) {
  const call = (path: string, body: unknown) => bed.call(`/runner/v1${path}`, { key: bed.runnerToken, body });

  async function claim(waitMs = 20_000): Promise<Claim | null> {
    const answer = await call('/claim', { waitMs });
    if (answer.status === 204) return null;
    if (answer.status !== 200) throw new Error(`claim: ${answer.status} ${answer.text}`);
    return claimSchema.parse(answer.body);
  }

  async function complete(claimed: Claim): Promise<void> {
    const bytes = new TextEncoder().encode('not really a picture');
    const put = await fetch(claimed.upload.url, { method: 'PUT', headers: claimed.upload.headers, body: bytes });
    if (put.status !== 201) throw new Error(`upload: ${put.status}`);
    const answer = await call(`/jobs/${claimed.jobId}/complete`, {
      leaseToken: claimed.leaseToken,
      observed: { finalUrl: 'https://app.example.com/reports/42', httpStatus: 200, verdict: 'unverified' },
      asset: {
        contentType: 'image/png',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        width: 1280,
        height: 720,
        pages: null,
      },
    });
    if (answer.status !== 200) throw new Error(`complete: ${answer.status} ${answer.text}`);
  }

  async function claimOf(captureId: string): Promise<Claim> {
    for (let i = 0; i < 100; i++) {
      const claimed = await claim();
      if (!claimed) break;
      if (claimed.captureId === captureId) return claimed;
      await complete(claimed);
    }
    throw new Error(`${captureId} was not there to be claimed`);
  }

  async function fail(captureId: string, code: FailureCode): Promise<void> {
    const claimed = await claimOf(captureId);
    const answer = await call(`/jobs/${claimed.jobId}/fail`, {
      leaseToken: claimed.leaseToken,
      failure: failure(code, 'navigate'),
      observed: {},
      sideEffects: true, // so that it is not tried again
    });
    if (answer.status !== 200) throw new Error(`fail: ${answer.status} ${answer.text}`);
  }

  return {
    call,
    claim,
    complete,
    claimOf,
    /** Ends a capture for good with this failure. */
    fail,
    /** Claims what there is until the newest was done: everything that was waiting is finished. */
    async completeNext(): Promise<void> {
      const claimed = await claim();
      if (!claimed) throw new Error('nothing came');
      await complete(claimed);
      for (let next = await claim(500); next; next = await claim(500)) await complete(next);
    },
    async rest(): Promise<void> {
      for (let next = await claim(0); next; next = await claim(0)) await complete(next);
    },
  };
}
