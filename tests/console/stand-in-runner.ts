import { createHash } from 'node:crypto';
import { createRunner } from '#server/domain/access/runners.ts';
import type { Step } from '#shared/failure.ts';
import { type Claim, type CompleteRequest, claimSchema, type FailRequest, RUNNER_API } from '#shared/runner-protocol.ts';
import type { Console } from './start-console.ts';

export type StandIn = {
  /** Takes the oldest waiting job. */
  claim(): Promise<Claim>;
  /** Reports a step; the answer, held by the server until something happens, is not waited for. */
  step(claim: Claim, step: Step): void;
  complete(claim: Claim, asset: CompleteRequest['asset'] & { body: Buffer }, observed?: CompleteRequest['observed']): Promise<void>;
  fail(claim: Claim, failure: FailRequest['failure'], observed?: FailRequest['observed']): Promise<void>;
};

/** Speaks the runner protocol to a console under test, with prepared results in place of a browser. */
export async function createStandIn({ app, url }: Console, name = 'stand-in'): Promise<StandIn> {
  const { token } = await createRunner(app.deps, { name });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${url}${RUNNER_API}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.status === 204 ? null : await answer.json();
  };
  return {
    claim: async () => claimSchema.parse(await post('/claim', { waitMs: 5000 })),
    step: ({ jobId, leaseToken }, step) => {
      // Held for seconds, and cut off when the test ends: neither matters to it.
      post(`/jobs/${jobId}/heartbeat`, { leaseToken, step }).catch(() => undefined);
    },
    complete: async ({ jobId, leaseToken, upload }, { body, ...asset }, observed = {}) => {
      const put = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: new Uint8Array(body) });
      if (!put.ok) throw new Error(`the upload answered ${put.status}: ${await put.text()}`);
      await post(`/jobs/${jobId}/complete`, { leaseToken, asset, observed });
    },
    fail: async ({ jobId, leaseToken }, failure, observed = {}) => {
      await post(`/jobs/${jobId}/fail`, { leaseToken, failure, observed });
    },
  };
}

/** The asset of a result, from its bytes. */
export function assetOf(
  body: Buffer,
  contentType: string,
  size: { width?: number; height?: number; pages?: number },
): CompleteRequest['asset'] & { body: Buffer } {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    body,
    contentType,
    bytes: body.length,
    sha256,
    width: size.width ?? null,
    height: size.height ?? null,
    pages: size.pages ?? null,
  };
}
