import { Runner, type RunnerRow } from '#server/db/access.entities.ts';
import { isWellFormedToken, makeToken } from '#shared/api-key.ts';
import type { RunnerView } from '#shared/console.ts';
import { isId, makeId } from '#shared/ids.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type RunnerActor, requireAdmin, requireScope, type SaidOfBrowsers } from './actor.ts';
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
  const actor: RunnerActor = { kind: 'runner', runnerId: row.id, name: row.name, said: saidIn(row), address };
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

/** Keeps what a runner says of its browsers. Writes only what is new: it says so with every claim. */
export async function noteBrowsers(deps: Keeping, runner: RunnerActor, { sandbox, browser }: SaidOfBrowsers): Promise<void> {
  const { said } = runner;
  const isNewBrowser = browser && (browser.version !== said?.browser?.version || browser.isOld !== said.browser.isOld);
  const news = {
    ...(sandbox !== undefined && sandbox !== said?.sandbox ? { sandbox } : {}),
    ...(isNewBrowser ? { browserVersion: browser.version, browserIsOld: browser.isOld } : {}),
  };
  if (Object.keys(news).length > 0) await deps.db.fork().nativeUpdate(Runner, { id: runner.runnerId }, news);
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

/**
 * What the runners that have been heard of lately have said of their browsers. `sandbox`: `off` when one is without, `on` when all
 * have told that they have one. `oldest` is the lowest version, null where none was told; `tooOld` counts runners.
 */
export async function readBrowsers(
  deps: Keeping,
): Promise<{ sandbox: 'on' | 'off' | 'unknown'; browsers: { oldest: string | null; tooOld: number } }> {
  const rows = await deps.db.fork().find(Runner, isOnlineAt(deps.clock.now()));
  const isOn = rows.length > 0 && rows.every((row) => row.sandbox === 'on');
  const versions = rows.flatMap((row) => row.browserVersion ?? []).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return {
    sandbox: rows.some((row) => row.sandbox === 'off') ? 'off' : isOn ? 'on' : 'unknown',
    browsers: { oldest: versions[0] ?? null, tooOld: rows.filter((row) => row.browserIsOld).length },
  };
}

function saidIn({ sandbox, browserVersion, browserIsOld }: RunnerRow): SaidOfBrowsers {
  return {
    sandbox: sandbox ?? undefined,
    browser: browserVersion ? { version: browserVersion, isOld: browserIsOld === true } : undefined,
  };
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
    browser: saidIn(row).browser ?? null,
  };
}
