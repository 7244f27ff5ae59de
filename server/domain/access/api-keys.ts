import type { EntityManager } from '@mikro-orm/postgresql';
import { ApiKey, type ApiKeyRow } from '#server/db/access.entities.ts';
import { type AllowedDomain, parseAllowedDomain } from '#shared/allowed-domain.ts';
import { makeToken, tokenHint } from '#shared/api-key.ts';
import type { ApiKeyView, KeyNetwork } from '#shared/console.ts';
import { isId, makeId, type WorkspaceId } from '#shared/ids.ts';
import type { FieldError } from '#shared/problem.ts';
import type { Scope } from '#shared/scopes.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin } from './actor.ts';
import { addressFault } from './address-list.ts';
import { toKeyView } from './api-key-view.ts';
import { recordAudit } from './audit.ts';
import { hashToken } from './token-hash.ts';

type Keeping = Pick<Deps, 'db' | 'clock'>;
/**
 * `expiresInMs`: milliseconds from now; null or absent for never. `domains` narrows the workspace's, never widens them.
 * `maxConcurrentCaptures`: how many captures of the key may be unfinished at once; null or absent for no bound.
 */
export type NewApiKey = {
  name: string;
  scopes: readonly Scope[];
  domains?: readonly string[];
  expiresInMs?: number | null;
  allowedAddresses?: readonly string[];
  maxConcurrentCaptures?: number | null;
};
/** `key` is the whole key. It is shown here and never again: only its hash is stored. */
export type IssuedApiKey = { apiKey: ApiKeyView; key: string };

/** Makes an API key for the workspace. Refuses a malformed domain or address with its path. */
export async function createApiKey(deps: Keeping, actor: Actor, input: NewApiKey): Promise<IssuedApiKey> {
  requireAdmin(actor);
  const { domains, errors } = readDomains(input.domains ?? []);
  for (const [index, range] of (input.allowedAddresses ?? []).entries()) {
    const fault = addressFault(range);
    if (fault) errors.push({ path: `allowedAddresses[${index}]`, message: fault });
  }
  if (input.expiresInMs !== undefined && input.expiresInMs !== null && input.expiresInMs <= 0)
    errors.push({ path: 'expiresInMs', message: 'must lie in the future' });
  if (input.scopes.length === 0) errors.push({ path: 'scopes', message: 'needs at least one scope' });
  if (errors.length > 0)
    throw new AppError('invalid_request', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors });
  const now = deps.clock.now();
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const issued = await storeKey(em, actor.workspaceId, {
      name: input.name,
      scopes: [...new Set(input.scopes)],
      domains: domains.length > 0 ? domains : null,
      allowedAddresses: input.allowedAddresses?.length ? [...input.allowedAddresses] : null,
      maxConcurrentCaptures: input.maxConcurrentCaptures ?? null,
      networks: null,
      createdAt: now,
      expiresAt: input.expiresInMs ? new Date(now.getTime() + input.expiresInMs) : null,
    });
    await recordAudit(em, actor, { action: 'key.create', target: issued.apiKey.id, detail: issued.apiKey.scopes.join(' ') });
    return issued;
  });
}

/** Lists the workspace's keys, newest first, revoked ones included. */
export async function listApiKeys(deps: Pick<Deps, 'db'>, actor: Actor): Promise<ApiKeyView[]> {
  requireAdmin(actor);
  const rows = await deps.db.inWorkspace(actor.workspaceId).find(ApiKey, { workspace: actor.workspaceId }, { orderBy: { id: 'desc' } });
  return rows.map(toKeyView);
}

/** Revokes a key at once and for good; one that is revoked already stays as it is. */
export async function revokeApiKey(deps: Keeping, actor: Actor, id: string): Promise<ApiKeyView> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const row = await findKey(em, actor, id);
    if (row.revokedAt) return toKeyView(row);
    row.revokedAt = deps.clock.now();
    await em.flush();
    await recordAudit(em, actor, { action: 'key.revoke', target: row.id });
    return toKeyView(row);
  });
}

/** Makes a successor with the same rights; the old key works for `overlapMs` more (0: no longer), at most to its own end. */
export async function rotateApiKey(deps: Keeping, actor: Actor, id: string, options: { overlapMs: number }): Promise<IssuedApiKey> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const old = await findKey(em, actor, id);
    const now = deps.clock.now();
    if (old.revokedAt || (old.expiresAt && old.expiresAt <= now))
      throw new AppError('conflict', 'This key does not work any more: make a new one.');
    const { name, scopes, domains = null, allowedAddresses = null, expiresAt = null, maxConcurrentCaptures = null } = old;
    // Its programs are the same, so they come from where the old one was known to be used.
    const networks = old.networks?.filter(({ isNew }) => !isNew) ?? null;
    const rights = { name, scopes, domains, allowedAddresses, maxConcurrentCaptures, networks };
    const end = new Date(now.getTime() + Math.max(0, options.overlapMs));
    if (options.overlapMs <= 0) old.revokedAt = now;
    else if (!old.expiresAt || end < old.expiresAt) old.expiresAt = end;
    await em.flush();
    const issued = await storeKey(em, actor.workspaceId, { ...rights, createdAt: now, expiresAt });
    await recordAudit(em, actor, { action: 'key.rotate', target: old.id, detail: issued.apiKey.id });
    return issued;
  });
}

type KeyRights = {
  name: string;
  scopes: Scope[];
  domains: AllowedDomain[] | null;
  allowedAddresses: string[] | null;
  maxConcurrentCaptures: number | null;
  networks: KeyNetwork[] | null;
  createdAt: Date;
  expiresAt: Date | null;
};

async function storeKey(em: EntityManager, workspaceId: WorkspaceId, rights: KeyRights): Promise<IssuedApiKey> {
  const key = makeToken('apiKey');
  const id = makeId('apiKey', rights.createdAt.getTime());
  await em.insert(ApiKey, { id, workspace: workspaceId, hint: tokenHint('apiKey', key), hash: hashToken(key), ...rights });
  return { apiKey: toKeyView(await em.findOneOrFail(ApiKey, { id })), key };
}

/** Entries may name private hosts: a narrowing only takes away, so it needs no operator. */
function readDomains(raw: readonly string[]): { domains: AllowedDomain[]; errors: FieldError[] } {
  const domains: AllowedDomain[] = [];
  const errors: FieldError[] = [];
  for (const [index, text] of raw.entries()) {
    const parsed = parseAllowedDomain(text, true);
    if (parsed.ok) domains.push({ ...parsed.domain, isPrivate: false });
    else errors.push({ path: `domains[${index}]`, message: parsed.message });
  }
  return { domains, errors };
}

async function findKey(em: EntityManager, actor: Actor, id: string): Promise<ApiKeyRow> {
  const row = isId('apiKey', id) ? await em.findOne(ApiKey, { id, workspace: actor.workspaceId }) : null;
  if (!row) throw notFound();
  return row;
}
