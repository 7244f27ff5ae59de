import type { EntityManager } from '@mikro-orm/postgresql';
import { AllowedDomain, type AllowedDomainRow } from '#server/db/access.entities.ts';
import { type AllowedDomain as AllowedDomainEntry, matchAllowedDomain, parseAllowedDomain } from '#shared/allowed-domain.ts';
import type { DomainUse, DomainView } from '#shared/console.ts';
import { isId, makeId, type WorkspaceId } from '#shared/ids.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin } from './actor.ts';
import { recordAudit } from './audit.ts';
import { awaitedProof, makeProofToken, proofFault } from './domain-proof.ts';
import { warnOfMixedScripts } from './mixed-scripts.ts';

const HTTPS_PORT = 443;
type Stored = Pick<Deps, 'db' | 'clock' | 'settings'>;

/** `use`: `pages` unless it is said. */
export type NewDomain = { domain: string; isPrivate?: boolean; use?: DomainUse };

/**
 * Adds an entry to the workspace's allowed domains; the same entry again answers the one that is there, which becomes
 * one for pages if it was for parts. `isPrivate` lets captures reach a private address, so only the owner of the machine
 * may say it, and of pages alone: what somebody else may raise later must not lead inside. Where a proof is required, an entry
 * for pages waits for one unless it is the operator's, who also lets one hold that waits. One for parts needs none: raised
 * to pages, it stays one for parts until it is proved.
 */
export async function addAllowedDomain(deps: Stored, actor: Actor, input: NewDomain): Promise<DomainView> {
  requireAdmin(actor);
  const { isPrivate = false, use = 'pages' } = input;
  if (isPrivate && actor.kind !== 'operator')
    throw new AppError(
      'forbidden',
      'A private domain opens the network of this machine: only its operator can add it, with `sessionshot domains add HOST --private`.',
    );
  if (isPrivate && use === 'parts') throw refused('use', 'A private domain is one for pages: leave `--parts` out.');
  const parsed = parseAllowedDomain(input.domain, isPrivate);
  if (!parsed.ok) throw refused('domain', parsed.message);
  const { host, port } = parsed.domain;
  const proofToken = deps.settings.requiresDomainProof && actor.kind !== 'operator' && use === 'pages' ? makeProofToken() : null;
  const fault = proofToken === null ? null : proofFault(host);
  if (fault !== null) throw refused('domain', fault);
  const now = deps.clock.now();
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const [changed] = await em.execute<{ id: string }[]>(ADD, [
      makeId('allowedDomain', now.getTime()),
      actor.workspaceId,
      host,
      port ?? HTTPS_PORT,
      isPrivate,
      use,
      proofToken,
      now,
    ]);
    const notes = [isPrivate && 'private', use === 'parts' && 'parts', proofToken && 'to be proved'].filter(Boolean);
    const detail = [shownDomain(parsed.domain), ...notes].join(', ');
    if (changed) await recordAudit(em, actor, { action: 'domain.add', target: changed.id, detail });
    return toDomainView(await em.findOneOrFail(AllowedDomain, { workspace: actor.workspaceId, host, port: port ?? HTTPS_PORT }));
  });
}

const WAITS = '(allowed_domain.proof_token is not null and allowed_domain.proved_at is null)';

/**
 * Answers the entry's id where it is new, or lets more in than before: it becomes private, one for pages, or one for parts
 * instead of none, need not wait for its proof any more, or begins to wait for the one that makes it one for pages. One that
 * is added again and still has to wait keeps its token.
 */
const ADD = `
insert into allowed_domain (id, workspace_id, host, port, is_private, use, proof_token, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (workspace_id, host, port) do update
  set is_private = allowed_domain.is_private or excluded.is_private,
    use = case when excluded.proof_token is null then excluded.use else allowed_domain.use end,
    proof_token = excluded.proof_token, proved_at = null
  where case
    when excluded.proof_token is not null then allowed_domain.use = 'parts' and allowed_domain.proof_token is null
    when excluded.use = 'parts' then allowed_domain.use = 'pages' and ${WAITS}
    else allowed_domain.use = 'parts' or ${WAITS} or (excluded.is_private and not allowed_domain.is_private)
  end
returning id`;

function refused(path: string, message: string): AppError {
  return new AppError('invalid_request', message, { errors: [{ path, message }] });
}

/** Lists the workspace's allowed domains by name. */
export async function listAllowedDomains(deps: Pick<Deps, 'db'>, actor: Actor): Promise<DomainView[]> {
  const rows = await deps.db
    .inWorkspace(actor.workspaceId)
    .find(AllowedDomain, { workspace: actor.workspaceId }, { orderBy: { host: 'asc', port: 'asc' } });
  return rows.map(toDomainView);
}

/** Removes an entry. Captures that are waiting lose it too: a claim reads the list as it is then. */
export async function removeAllowedDomain(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<{ id: string }> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const row = isId('allowedDomain', id) ? await em.findOne(AllowedDomain, { id, workspace: actor.workspaceId }) : null;
    const removed = row ? await em.nativeDelete(AllowedDomain, { id: row.id }) : 0;
    if (!row || removed === 0) throw notFound();
    await recordAudit(em, actor, { action: 'domain.remove', target: id, detail: shownDomain(toEntry(row)) });
    return { id };
  });
}

/** Tells whether a URL could be captured now, and why not. Never throws for a bad URL. */
export async function checkAllowedDomain(deps: Pick<Deps, 'db'>, actor: Actor, url: string): Promise<{ allowed: boolean; reason: string }> {
  const parsed = parseTargetUrl(url);
  if (!parsed.ok) return { allowed: false, reason: parsed.message };
  const { host, port } = parsed.target;
  const em = deps.db.inWorkspace(actor.workspaceId);
  const entry = matchAllowedDomain(await loadAllowedDomains(em, actor.workspaceId), host, port);
  if (entry) return { allowed: true, reason: `${shownDomain(entry)} covers it.` };
  const rows = await em.find(AllowedDomain, { workspace: actor.workspaceId });
  const others = rows.map(toDomainView).filter((view) => matchAllowedDomain([view], host, port));
  return { allowed: false, reason: whyNot(shownDomain({ host, port }), others) };
}

/** `others`: the entries that fit, none of which is for pages and holds. */
function whyNot(shown: string, others: readonly DomainView[]): string {
  if (others.some(({ proof }) => proof === null)) return `${shown} is on the list for parts of pages only: add it for pages.`;
  const [waiting] = others;
  if (!waiting?.proof) return `${shown} is not an allowed domain.`;
  const { recordName, recordValue } = waiting.proof;
  return `${waiting.domain} waits for its proof: create the TXT record \`${recordName}\` with the value \`${recordValue}\`, then check it under Allowed domains.`;
}

/**
 * Reads the workspace's entries for pages, the more exact first: where a name and a wildcard both fit, the name decides.
 * Where a capture may go, and with what, is judged by these alone. One that waits for its proof is none.
 */
export async function loadAllowedDomains(em: EntityManager, workspaceId: WorkspaceId): Promise<AllowedDomainEntry[]> {
  const rows = await em.find(AllowedDomain, { workspace: workspaceId, use: 'pages' });
  return rows
    .filter((row) => awaitedProof(row) === null)
    .map(toEntry)
    .sort((a, b) => Number(a.host.startsWith('*.')) - Number(b.host.startsWith('*.')) || b.host.length - a.host.length);
}

/**
 * Reads where frames and sub-resources of a strict workspace may come from: its whole list, whatever the narrowing of a key.
 * Only at public addresses: which private one a capture reaches is for `loadAllowedDomains` and the narrowing to say.
 */
export async function loadPartHosts(em: EntityManager, workspaceId: WorkspaceId): Promise<AllowedDomainEntry[]> {
  const rows = await em.find(AllowedDomain, { workspace: workspaceId });
  return rows.filter((row) => row.use === 'parts' || awaitedProof(row) === null).map((row) => ({ ...toEntry(row), isPrivate: false }));
}

/** Writes an entry as people type it. */
export function shownDomain({ host, port }: { host: string; port: number | null }): string {
  return port === null || port === HTTPS_PORT ? host : `${host}:${port}`;
}

function toEntry(row: AllowedDomainRow): AllowedDomainEntry {
  return { host: row.host, port: row.port === HTTPS_PORT ? null : row.port, isPrivate: row.isPrivate };
}

/** Shows an entry, with the record that it waits for and what its name may be mistaken for. */
export function toDomainView(row: AllowedDomainRow): DomainView {
  const entry = toEntry(row);
  const { id, use } = row;
  return {
    id,
    domain: shownDomain(entry),
    ...entry,
    use,
    createdAt: row.createdAt.toISOString(),
    proof: awaitedProof(row),
    warning: warnOfMixedScripts(row.host),
  };
}
