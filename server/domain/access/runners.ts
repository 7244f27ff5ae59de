import { Runner, type RunnerRow } from '#server/db/access.entities.ts';
import { isWellFormedToken, makeToken } from '#shared/api-key.ts';
import type { RunnerView } from '#shared/console.ts';
import { isId, makeId } from '#shared/ids.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type RunnerActor, requireAdmin, requireScope } from './actor.ts';
import { type AuditActor, recordAudit, recordRefusal } from './audit.ts';
import { hashToken } from './token-hash.ts';

/** Longer than any runner is silent: a claim is answered within 25 s, a heartbeat within 10 s. */
const ONLINE_MS = 60_000;
const SEEN_EVERY_MS = 10_000;
type Keeping = Pick<Deps, 'db' | 'clock'>;

/** Enrols a runner. Its token is shown here and never again. For operators: the caller checks who asks, and says it. */
export async function createRunner(
  deps: Keeping,
  input: { name: string },
  by: AuditActor = { kind: 'server' },
): Promise<{ runner: RunnerView; token: string }> {
  const token = makeToken('runner');
  const now = deps.clock.now();
  const id = makeId('runner', now.getTime());
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.insert(Runner, { id, name: input.name, tokenHash: hashToken(token), createdAt: now });
    await recordAudit(em, by, { action: 'runner.create', target: id, workspaceId: null });
    return { runner: toView(await em.findOneOrFail(Runner, { id }), now), token };
  });
}

/** Finds which runner holds a token; `invalid_api_key` for anything else. A revoked one that is used is recorded. */
export async function authenticateRunner(
  deps: Keeping & Pick<Deps, 'log'>,
  token: string | undefined,
  address?: string,
): Promise<RunnerActor> {
  const invalid = () => new AppError('invalid_api_key', 'The runner token is not valid: make one with `sessionshot runner token`.');
  if (token === undefined || !isWellFormedToken('runner', token)) throw invalid();
  const em = deps.db.fork();
  const now = deps.clock.now();
  const row = await em.findOne(Runner, { tokenHash: hashToken(token) });
  if (!row) throw invalid();
  const actor: RunnerActor = { kind: 'runner', runnerId: row.id, name: row.name, sandbox: row.sandbox ?? null, address };
  if (row.revokedAt) {
    await recordRefusal(deps, actor, { action: 'runner.use', detail: 'revoked' });
    throw invalid();
  }
  if (!row.lastSeenAt || now.getTime() - row.lastSeenAt.getTime() > SEEN_EVERY_MS)
    await em.nativeUpdate(Runner, { id: row.id }, { lastSeenAt: now });
  return actor;
}

/** Records that a runner's token was tried at a door that is not its own. Nothing for a text that is no runner's token. */
export async function recordStrayRunner(
  deps: Pick<Deps, 'db' | 'log'>,
  given: { token: string; door: 'api' | 'console' | 'operator'; address: string },
): Promise<void> {
  if (!isWellFormedToken('runner', given.token)) return;
  const row = await deps.db.fork().findOne(Runner, { tokenHash: hashToken(given.token) });
  if (!row) return;
  const actor: RunnerActor = { kind: 'runner', runnerId: row.id, name: row.name, address: given.address };
  await recordRefusal(deps, actor, { action: 'runner.use', detail: `at the door of the ${given.door}` });
}

/** Keeps what a runner says of its browsers' sandbox. Writes only what is new: it says so with every claim. */
export async function noteSandbox(deps: Keeping, runner: RunnerActor, sandbox: 'on' | 'off' | undefined): Promise<void> {
  if (sandbox === undefined || sandbox === runner.sandbox) return;
  await deps.db.fork().nativeUpdate(Runner, { id: runner.runnerId }, { sandbox });
}

/** Lists the runners of the instance, newest first. They serve every workspace. */
export async function listRunners(deps: Keeping, actor: Actor): Promise<RunnerView[]> {
  requireScope(actor, 'captures:read');
  const now = deps.clock.now();
  const rows = await deps.db.fork().find(Runner, {}, { orderBy: { id: 'desc' } });
  return rows.map((row) => toView(row, now));
}

/** Revokes a runner's token at once. What it holds is taken back when its lease ends. */
export async function revokeRunner(deps: Keeping, actor: Actor, id: string): Promise<RunnerView> {
  requireAdmin(actor);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const row = isId('runner', id) ? await em.findOne(Runner, { id }) : null;
    if (!row) throw notFound();
    if (!row.revokedAt) {
      row.revokedAt = deps.clock.now();
      await em.flush();
      await recordAudit(em, actor, { action: 'runner.revoke', target: row.id, workspaceId: null });
    }
    return toView(row, deps.clock.now());
  });
}

/** Counts the runners that have been heard of lately. */
export async function countOnlineRunners(deps: Keeping): Promise<number> {
  return await deps.db.fork().count(Runner, isOnlineAt(deps.clock.now()));
}

/** The sandbox of the runners that have been heard of lately: `off` when one is without, `on` when all have told that they have one. */
export async function readSandboxState(deps: Keeping): Promise<'on' | 'off' | 'unknown'> {
  const rows = await deps.db.fork().find(Runner, isOnlineAt(deps.clock.now()), { fields: ['sandbox'] });
  if (rows.some((row) => row.sandbox === 'off')) return 'off';
  return rows.length > 0 && rows.every((row) => row.sandbox === 'on') ? 'on' : 'unknown';
}

function isOnlineAt(now: Date) {
  return { revokedAt: null, lastSeenAt: { $gt: new Date(now.getTime() - ONLINE_MS) } };
}

function toView(row: RunnerRow, now: Date): RunnerView {
  const online =
    !row.revokedAt && row.lastSeenAt !== null && row.lastSeenAt !== undefined && now.getTime() - row.lastSeenAt.getTime() < ONLINE_MS;
  const instant = (date: Date | null | undefined) => (date ? date.toISOString() : null);
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: instant(row.lastSeenAt),
    online,
    revokedAt: instant(row.revokedAt),
    sandbox: row.sandbox ?? null,
  };
}
