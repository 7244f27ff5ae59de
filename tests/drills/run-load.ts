import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCanaries, makeCanary } from '../e2e/find-canaries.ts';
import type { Bed } from './start-bed.ts';
import { DrillFailed } from './until.ts';

/** What one drill has sent: the ids that were answered, by their keys, and a canary in the auth state of each. */
export type Load = {
  reference: string;
  canary: string;
  accepted: Map<string, string>;
  /** Answers that were given by replay. */
  replayed: number;
  /** Tries that were cut, or answered 429 or 5xx, and repeated. */
  retried: number;
  /** How long each try waited for its answer at most, in milliseconds. */
  slowestMs: number;
  /** Status codes of all answers, counted. */
  statuses: Record<string, number>;
};

const TRY_MS_MAX = 30_000;
const GIVE_UP_MS = 180_000;

export function startLoad(): Load {
  const reference = `drill-${randomBytes(6).toString('hex')}`;
  return { reference, canary: makeCanary(reference), accepted: new Map(), replayed: 0, retried: 0, slowestMs: 0, statuses: {} };
}

export type PostOptions = {
  /** How long the page is waited for before the picture, in milliseconds: the length of the capture. */
  delayMs?: number;
  /** `deadline` of the request; its default unless given. */
  deadlineMs?: number;
  /** More of the request, in place of what a load asks for: its `url`, `timeouts`, `webhook`. */
  more?: Record<string, unknown>;
  /** Index of the server that is asked first; each repetition asks the other one. */
  server?: number;
};

/**
 * Posts one capture as a careful client does: cut connections, 429 and 5xx are repeated with the same key, at the other
 * server. Rejects on any other refusal.
 */
export async function post(
  bed: Bed,
  load: Load,
  key: string,
  { delayMs = 500, deadlineMs, more, server = 0 }: PostOptions = {},
): Promise<string> {
  const body = JSON.stringify({ ...captureOf(bed, load, delayMs), deadline: deadlineMs, ...more });
  const end = Date.now() + GIVE_UP_MS;
  for (let tries = 0; Date.now() < end; tries++) {
    const { url } = bed.servers[(server + tries) % 2] ?? bed.servers[0];
    const from = Date.now();
    const answer = await fetch(`${url}/api/captures`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.key}`, 'content-type': 'application/json', 'idempotency-key': key },
      body,
      signal: AbortSignal.timeout(TRY_MS_MAX),
    }).catch(() => null); // cut, refused or too slow: repeated below
    load.slowestMs = Math.max(load.slowestMs, Date.now() - from);
    const status = String(answer?.status ?? 'cut');
    load.statuses[status] = (load.statuses[status] ?? 0) + 1;
    const text = await answer?.text().catch(() => null);
    if (answer?.status === 202 && text) {
      if (answer.headers.get('idempotent-replayed') === 'true') load.replayed += 1;
      return remember(load, key, JSON.parse(text).id);
    }
    const isForLater = !answer || text === null || answer.status === 409 || answer.status === 429 || answer.status >= 500;
    if (!isForLater) throw new DrillFailed(`POST /api/captures answered ${answer.status}: ${text}`);
    load.retried += 1;
    await sleep(Math.min(Number(answer?.headers.get('retry-after') ?? 0.3), 2) * 1000);
  }
  throw new DrillFailed(`no 202 for ${key} within ${GIVE_UP_MS / 1000} s`);
}

/** Posts so many captures, `perSecond` of them, in turn at both servers; resolves when each has its id. */
export async function postMany(
  bed: Bed,
  load: Load,
  count: number,
  options: PostOptions & { perSecond?: number; prefix?: string } = {},
): Promise<void> {
  const { perSecond = 20, prefix = '' } = options;
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await sleep((index * 1000) / perSecond);
      await post(bed, load, `${load.reference}-${prefix}${index}`, { server: index, ...options });
    }),
  );
}

export function captureOf(bed: Bed, load: Load, delayMs: number) {
  const cookie = { name: 'drill', value: load.canary, domain: new URL(bed.demo.origin).hostname, path: '/' };
  const { cookies, origins } = bed.demo.storageState;
  return {
    url: `${bed.demo.origin}/`,
    auth: { storageState: { cookies: [...cookies, cookie], origins } },
    delay: delayMs,
    output: { format: 'png' },
    reference: load.reference,
  };
}

export function hasCanary(load: Load, content: string): boolean {
  return findCanaries(content, { load: load.canary }).length > 0;
}

/** One key has one id, whoever answers. */
function remember(load: Load, key: string, id: string): string {
  const before = load.accepted.get(key);
  if (before !== undefined && before !== id) throw new DrillFailed(`${key} was answered with ${before} and with ${id}`);
  load.accepted.set(key, id);
  return id;
}
