import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from '#shared/capture.ts';
import type { FieldError, ProblemCode } from '#shared/problem.ts';

/** A body is a capture, a list or a problem; the members that only one of them has are optional. */
export type ApiBody = Capture & { code?: ProblemCode; errors?: FieldError[]; data?: Capture[]; nextCursor?: string | null };
export type ApiAnswer = { status: number; headers: Headers; body: ApiBody };
export type Api = {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Posts a capture and follows it to its end. */
  capture(request: unknown, ms?: number): Promise<Capture>;
  follow(id: string, ms?: number): Promise<Capture>;
};

/** A client of the public REST API, as an integrator would write it. */
export function createApi(baseUrl: string, key: string): Api {
  const call: Api['call'] = async (method, path, body, headers = {}) => {
    const answer = await fetch(new URL(path, baseUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const follow: Api['follow'] = async (id, ms = 90_000) => {
    const end = Date.now() + ms;
    for (;;) {
      const { body } = await call('GET', `/api/captures/${id}`);
      if (['succeeded', 'failed', 'canceled'].includes(body.status)) return body;
      if (Date.now() > end) throw new Error(`capture ${id} is still ${body.status} after ${ms} ms`);
      await sleep(100);
    }
  };
  const capture: Api['capture'] = async (request, ms) => {
    const { status, body } = await call('POST', '/api/captures', request);
    if (status !== 202) throw new Error(`POST /api/captures answered ${status}: ${JSON.stringify(body)}`);
    return await follow(body.id, ms);
  };
  return { call, capture, follow };
}

/** Fetches the bytes of a finished capture through its signed URL. */
export async function fetchAsset(capture: Capture): Promise<Buffer> {
  if (!capture.asset) throw new Error(`capture ${capture.id} has no asset: ${JSON.stringify(capture.error)}`);
  const answer = await fetch(capture.asset.url);
  if (!answer.ok) throw new Error(`the signed URL answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}
