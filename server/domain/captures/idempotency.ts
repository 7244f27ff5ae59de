import { createHmac } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { isLockTimeout } from '#server/db/lock-timeout.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import type { WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Actor } from '../access/actor.ts';
import { AppError } from '../app-error.ts';

const KEY_FORM = new RegExp(`^[\\x21-\\x7e]{1,${LIMITS.idempotencyKeyCharsMax}}$`);
export type Idempotency = { workspaceId: WorkspaceId; key: string; fingerprint: string };

/** Reads an `Idempotency-Key` and the body it stands for; null without a key. Refuses a malformed key. */
export function readIdempotency(actor: Actor, key: string | undefined, body: unknown): Idempotency | null {
  if (key === undefined) return null;
  if (!KEY_FORM.test(key))
    throw new AppError(
      'invalid_idempotency_key',
      `Give 1 to ${LIMITS.idempotencyKeyCharsMax} visible ASCII characters, for example a UUID.`,
    );
  // Keyed by the caller's own key: from a dump of the database nobody can try out which cookies a body held.
  const fingerprint = createHmac('sha256', actor.fingerprintKey.reveal()).update(canonicalJson(body)).digest('hex');
  return { workspaceId: actor.workspaceId, key, fingerprint };
}

/** Finds the answer a key was given in the last 24 h; null for a new key. Refuses a key that came with another body. */
export async function findAnswer(em: EntityManager, idempotency: Idempotency): Promise<CaptureView | null> {
  const [answer = null] = await findAnswers(em, [idempotency]);
  if (answer instanceof AppError) throw answer;
  return answer;
}

/** The same of several requests of one workspace, null for those without a key; a refusal is answered in its place. */
export async function findAnswers(em: EntityManager, asked: readonly (Idempotency | null)[]): Promise<(CaptureView | AppError | null)[]> {
  const given = asked.filter((each) => each !== null);
  const [one] = given;
  if (!one) return asked.map(() => null);
  const keys = JSON.stringify(given.map(({ key }) => key));
  const found = await em.execute<Found[]>(FIND, [one.workspaceId, keys, LIMITS.idempotencyLifeMs]);
  const records = new Map(found.map((record) => [record.key, record]));
  return asked.map((each) => {
    const record = each && records.get(each.key);
    if (!record) return null;
    return record.fingerprint === each.fingerprint ? record.answer : keyReused();
  });
}

type Found = { key: string; fingerprint: string; answer: CaptureView };

function keyReused(): AppError {
  return new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key was used with another body or by another API key: take a new key for a new request.',
  );
}

const FIND = `
select key, fingerprint, answer from idempotency_record
where workspace_id = ? and key in (select jsonb_array_elements_text(?::jsonb)) and created_at >= now() - ? * interval '1 millisecond'`;

/**
 * Takes a key inside the caller's transaction, with the answer that belongs to it. Answers null when it is now the
 * caller's, or the answer of the request that had it first. Waits for a request that is just being taken, at most
 * `LIMITS.idempotencyWaitMs`; a key older than its life is free again.
 */
export async function takeKey(em: EntityManager, idempotency: Idempotency, answer: CaptureView): Promise<CaptureView | null> {
  const { workspaceId, key, fingerprint } = idempotency;
  await em.execute(`set local lock_timeout = ${LIMITS.idempotencyWaitMs}`);
  const taken = await em
    .execute<unknown[]>(TAKE, [workspaceId, key, fingerprint, answer.id, JSON.stringify(answer), LIMITS.idempotencyLifeMs])
    .catch(explainWait);
  await em.execute('set local lock_timeout = default');
  if (taken.length > 0) return null;
  const first = await findAnswer(em, idempotency);
  if (!first) throw inProgress(); // it ran out or was deleted between the two statements: a repeat will find it free
  return first;
}

/** Gives back a key that was taken in the same transaction, by a request that was refused after all. */
export async function giveBackKey(em: EntityManager, { workspaceId, key }: Idempotency): Promise<void> {
  await em.execute('delete from idempotency_record where workspace_id = ? and key = ?', [workspaceId, key]);
}

// A second insert of the same key waits here until the first one's transaction ends: then it is a conflict, or free.
const TAKE = `
insert into idempotency_record (workspace_id, key, fingerprint, capture_id, answer, created_at) values (?, ?, ?, ?, ?::json, now())
on conflict (workspace_id, key) do update
  set fingerprint = excluded.fingerprint, capture_id = excluded.capture_id, answer = excluded.answer, created_at = excluded.created_at
  where idempotency_record.created_at < now() - ? * interval '1 millisecond'
returning key`;

function explainWait(error: unknown): never {
  if (isLockTimeout(error)) throw inProgress(error);
  throw error;
}

function inProgress(cause?: unknown): AppError {
  return new AppError('idempotency_in_progress', 'The first request with this Idempotency-Key is still being taken: repeat in a moment.', {
    cause,
    retryAfterSeconds: 1,
  });
}

/** Writes JSON with sorted keys, so that the order in which a client writes its members does not matter. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
    .join(',')}}`;
}
