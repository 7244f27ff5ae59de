import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { backoffMs } from '#shared/backoff.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import {
  type Claim,
  type ClaimRequest,
  type CompleteRequest,
  claimSchema,
  type FailRequest,
  type Heartbeat,
  type HeartbeatRequest,
  heartbeatSchema,
  RUNNER_API,
  settledSchema,
} from '#shared/runner-protocol.ts';
import type { Secret } from '#shared/secret.ts';
import { steadyNow } from '#shared/steady-now.ts';

/** The lease was lost: another attempt runs, or the capture is final. Nothing of this attempt may be reported. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/** A call that did not get its answer. `status` is null when the server could not be reached at all. */
export class ControlPlaneError extends Error {
  override name = 'ControlPlaneError';
  readonly status: number | null;
  constructor(message: string, status: number | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
  /** Whether the same call may succeed later: the server was away, busy or broken; not that it refused us. */
  get isTransient(): boolean {
    return this.status === null || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The runner protocol as calls. Answers are parsed; every call has a time limit; rejects with the two errors above. */
export type ControlPlane = {
  /** A job with its lease, or null when there is none. One try: the job sources repeat it. */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim | null>;
  /** One held heartbeat. One try: `holdLease` repeats it. */
  heartbeat(jobId: string, body: HeartbeatRequest, signal: AbortSignal): Promise<Heartbeat>;
  /** These three end an attempt. They are idempotent by the lease token and repeated until `until()` (epoch ms of `steadyNow`) has passed. */
  complete(jobId: string, body: CompleteRequest, until: () => number): Promise<void>;
  fail(jobId: string, body: FailRequest, until: () => number): Promise<void>;
  release(jobId: string, leaseToken: string, until: () => number): Promise<void>;
};

export type ControlPlaneOptions = {
  serverUrl: string;
  token: Secret<string>;
  /** What its browsers are and run in, told with each claim so that operators see it. */
  browsers?: () => Pick<ClaimRequest, 'sandbox' | 'browser'>;
  log: Log;
};
type Call = { path: string; body: unknown; msMax: number; signal?: AbortSignal };

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { token, browsers, log } = options;
  const base = options.serverUrl.replace(/\/+$/, '') + RUNNER_API;

  const post = async ({ path, body, msMax, signal }: Call): Promise<{ status: number; text: string }> => {
    const limit = AbortSignal.timeout(msMax);
    try {
      const response = await fetch(base + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error', // a redirect would carry the token to another host
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      return { status: response.status, text: await readBounded(response) };
    } catch (error) {
      signal?.throwIfAborted();
      throw new ControlPlaneError('The server did not answer.', null, error);
    }
  };
  const call = async <T extends z.ZodType>(request: Call, schema: T): Promise<z.infer<T> | null> => {
    const { status, text } = await post(request);
    if (status === 204) return null;
    if (status === 409) throw new LeaseLost('The lease of this attempt was lost.');
    if (status !== 200) throw new ControlPlaneError(explain(status), status);
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success)
      throw new ControlPlaneError('The answer of the server was not understood: server and runner may be of different versions.', 400);
    return parsed.data;
  };
  const settle = async (path: string, body: unknown, until: () => number): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await call({ path, body, msMax: LIMITS.callMsMax }, settledSchema);
        return;
      } catch (error) {
        const isWorthwhile = error instanceof ControlPlaneError && error.isTransient && steadyNow() < until();
        if (!isWorthwhile) throw error;
        log.warn('the server is away: the result is kept and reported again', { count: tries, error });
        await wait(backoffMs(tries, 250, LIMITS.callRetryMsMax));
      }
    }
  };
  return {
    claim: (request, signal) =>
      call(
        {
          path: '/claim',
          body: { ...request, strictEgress: true, ...browsers?.() },
          msMax: (request.waitMs ?? 0) + LIMITS.callMsMax,
          signal,
        },
        claimSchema,
      ),
    heartbeat: async (jobId, body, signal) => {
      const answer = await call({ path: `/jobs/${jobId}/heartbeat`, body, msMax: LIMITS.callMsMax, signal }, heartbeatSchema);
      if (!answer) throw new ControlPlaneError('The server answered a heartbeat with nothing.', 502);
      return answer;
    },
    complete: (jobId, body, until) => settle(`/jobs/${jobId}/complete`, body, until),
    fail: (jobId, body, until) => settle(`/jobs/${jobId}/fail`, body, until),
    release: (jobId, leaseToken, until) => settle(`/jobs/${jobId}/release`, { leaseToken }, until),
  };
}

/** Reads an answer up to `LIMITS.controlAnswerBytesMax`; rejects beyond it. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LIMITS.controlAnswerBytesMax) throw new Error('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function explain(status: number): string {
  if (status === 401 || status === 403)
    return 'The server refused the runner token: make a new one with `sessionshot runner token NAME` and set SESSIONSHOT_RUNNER_TOKEN.';
  return `The server answered ${status}.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema that follows
  }
}
