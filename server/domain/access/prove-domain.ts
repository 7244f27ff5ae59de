import type { EntityManager } from '@mikro-orm/postgresql';
import { AllowedDomain, type AllowedDomainRow } from '#server/db/access.entities.ts';
import type { DomainView } from '#shared/console.ts';
import { isId } from '#shared/ids.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin } from './actor.ts';
import { shownDomain, toDomainView } from './allowed-domains.ts';
import { recordAudit } from './audit.ts';
import { awaitedProof, proofFault } from './domain-proof.ts';
import { takeRate } from './take-rate.ts';

type Asking = Pick<Deps, 'db' | 'clock' | 'log' | 'textRecords'>;
type Awaited = NonNullable<DomainView['proof']>;

/**
 * Looks whether the owner of a host has published the record that an entry waits for; then the entry holds for pages from
 * now on. One that holds already is answered as it is. Refused while the record is not there: the refusal says what is.
 */
export async function proveDomain(deps: Asking, actor: Actor, id: string): Promise<DomainView> {
  requireAdmin(actor);
  const row = await findEntry(deps.db.inWorkspace(actor.workspaceId), actor, id);
  const proof = awaitedProof(row);
  if (proof === null) return toDomainView(row);
  const fault = proofFault(row.host);
  if (fault !== null) throw new AppError('conflict', fault);
  await takeProof(deps, actor);
  // Outside of any transaction: it may take seconds.
  await lookFor(deps, proof);
  return await holdEntry(deps, actor, row);
}

async function findEntry(em: EntityManager, { workspaceId }: Actor, id: string): Promise<AllowedDomainRow> {
  const row = isId('allowedDomain', id) ? await em.findOne(AllowedDomain, { id, workspace: workspaceId }) : null;
  if (!row) throw notFound();
  return row;
}

/** Ten at once for a workspace, then one in ten seconds: each asks name servers of others. */
async function takeProof(deps: Asking, { workspaceId }: Actor): Promise<void> {
  const { ok, waitMs } = await takeRate(deps, { name: `proof ${workspaceId}`, burst: 10, everyMs: 10_000 });
  if (ok) return;
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  throw new AppError('rate_limited', `Too many checks of domains in this workspace: wait ${retryAfterSeconds} s.`, { retryAfterSeconds });
}

async function lookFor({ textRecords, log }: Asking, { recordName, recordValue }: Awaited): Promise<void> {
  const record = `the TXT record \`${recordName}\``;
  const found = await textRecords.find(recordName).catch((cause: unknown) => {
    log.info('the record that proves a domain could not be looked up', { host: recordName, error: cause });
    throw new AppError(
      'conflict',
      `The name servers gave no answer for ${record}. Check again in a while: it must hold \`${recordValue}\`.`,
      {
        cause,
      },
    );
  });
  if (found.includes(recordValue)) return;
  // A number, not the texts: they are of others, and say what else they use.
  const state = found.length === 0 ? 'is not there' : `holds ${found.length === 1 ? 'one other value' : `${found.length} other values`}`;
  throw new AppError(
    'conflict',
    `T${record.slice(1)} ${state}. Create one with the value \`${recordValue}\` and check again; it can take a while until a new record is seen.`,
  );
}

/** Somebody may have removed the entry while name servers were asked: what was proved then is not there any more. */
async function holdEntry(deps: Asking, actor: Actor, row: AllowedDomainRow): Promise<DomainView> {
  const { id, proofToken } = row;
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const waiting = { id, workspace: actor.workspaceId, proofToken, provedAt: null };
    const proved = await em.nativeUpdate(AllowedDomain, waiting, { provedAt: deps.clock.now(), use: 'pages' });
    if (proved > 0) await recordAudit(em, actor, { action: 'domain.prove', target: id, detail: shownDomain(row) });
    return toDomainView(await findEntry(em, actor, id));
  });
}
