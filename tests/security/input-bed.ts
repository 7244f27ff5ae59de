import { randomBytes } from 'node:crypto';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { type Answer, type ApiBed, type CallOptions, createApiBed } from '../api/api-bed.ts';
import { createWork, type Work } from './measure-work.ts';

/** How long a case may take before it is given up as failed: nothing here waits for a page. */
const CASE_MS_MAX = 10_000;

/** An answer with its problem code and the paths of its faults; null and none for what is no problem. */
export type InputAnswer = Answer & { code: string | null; paths: string[] };

/** The server as callers with bad intentions see it. Every answer is searched for the planted secret. */
export type InputBed = {
  api: ApiBed;
  /** A value that stands in auth, fill texts and URLs, and may come back nowhere. */
  canary: string;
  /** A request that is fine and carries the canary wherever a secret may stand. */
  request(over?: object): object;
  /** Sends a body to `POST /api/captures`. */
  post(body: unknown, options?: CallOptions): Promise<InputAnswer>;
  call(path: string, options?: CallOptions): Promise<InputAnswer>;
  /** What each input cost; those of `call` are measured by themselves. */
  work: Work;
  /** Holds an answer that came another way to the same rules. */
  judge(answer: Answer): InputAnswer;
  logs(): string;
  close(): Promise<void>;
};

export async function createInputBed(): Promise<InputBed> {
  const api = await createApiBed({ settings: { queuedPerWorkspaceMax: 10_000 } });
  for (const domain of ['exact.example.org', 'app.acme.io:8443', '*.bücher.example.net'])
    await addAllowedDomain(api.app.deps, api.operator, { domain });
  await addAllowedDomain(api.app.deps, api.operator, { domain: 'localhost:4443', isPrivate: true });
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const judge = (answer: Answer) => judgeAnswer(answer, canary);
  const work = createWork();
  const call = async (path: string, options: CallOptions = {}) => {
    const { raw, body } = options;
    const text = typeof raw === 'string' ? raw : JSON.stringify(body ?? raw ?? null);
    const what = `${path} with ${text.length} characters, …${text.slice(-50)}`;
    const send = () => api.call(path, { signal: AbortSignal.timeout(CASE_MS_MAX), ...options });
    return judge(await work.measure(what, send));
  };
  return {
    api,
    canary,
    judge,
    call,
    work,
    post: (body, options) => call('/api/captures', { body, ...options }),
    request: (over) => ({ url: 'https://app.example.com/reports/42', ...secrets(canary), output: { format: 'png' }, ...over }),
    logs: () => api.logs.join('\n'),
    close: api.close,
  };
}

function secrets(canary: string) {
  return {
    auth: { cookies: [{ name: 'sid', value: canary }], localStorage: { token: canary }, headers: { 'X-Session': canary } },
    headers: { 'X-Tenant': canary },
    actions: [
      { type: 'fill', selector: '#password', value: canary, secret: true },
      { type: 'type', selector: '#code', text: canary },
    ],
  };
}

/** Fails for what no input may bring about: a fault of ours, a stack, or a secret that comes back. */
function judgeAnswer(answer: Answer, canary: string): InputAnswer {
  const { status, text, headers } = answer;
  if (status >= 500) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
  const all = `${text}\n${[...headers].join('\n')}`;
  if (all.includes(canary)) throw new Error(`the secret came back: ${text.slice(0, 500)}`);
  if (/\bat .+\.[jt]s:\d+/.test(text)) throw new Error(`a stack came back: ${text.slice(0, 300)}`);
  if (!headers.get('x-request-id')) throw new Error('an answer without X-Request-Id');
  if (status < 400) return { ...answer, code: null, paths: [] };
  if (headers.get('content-type') !== 'application/problem+json') throw new Error(`no problem document: ${text.slice(0, 300)}`);
  const problem = JSON.parse(text);
  if (problem.status !== status || problem.requestId !== headers.get('x-request-id') || !problem.detail || !problem.title || !problem.type)
    throw new Error(`an incomplete problem: ${text.slice(0, 300)}`);
  return { ...answer, code: problem.code, paths: (problem.errors ?? []).map((error: { path: string }) => error.path) };
}
