import type { EntityManager } from '@mikro-orm/postgresql';
import { Member, User, Workspace } from '#server/db/access.entities.ts';
import { makeId, type UserId, type WorkspaceId } from '#shared/ids.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type AuditActor, recordAudit } from './audit.ts';

/** Any number that nothing else in this database locks. */
const FIRST_OWNER_LOCK = 7_370_418;
type Keeping = Pick<Deps, 'db' | 'clock'>;
export type Owner = { workspaceId: WorkspaceId; userId: UserId };

/** Makes the first workspace and its owner where there is no owner yet; otherwise answers the first that is there. */
export async function ensureFirstWorkspace(
  deps: Keeping,
  input: { workspaceName: string; ownerName: string },
): Promise<Owner & { created: boolean }> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await lockFirstOwner(em);
    const owner = await findFirstOwner(em);
    if (owner) return { ...owner, created: false };
    return { ...(await insertOwner(em, { ...input, now: deps.clock.now(), email: null, passwordHash: null })), created: true };
  });
}

/** Tells whether somebody owns this instance; without an owner the console offers its set-up. */
export async function hasOwner(deps: Pick<Deps, 'db'>): Promise<boolean> {
  return (await findFirstOwner(deps.db.acrossWorkspaces())) !== null;
}

/** Finds the workspace an operator means: by name or id, or the only one there is. */
export async function findWorkspace(deps: Pick<Deps, 'db'>, nameOrId?: string): Promise<WorkspaceId> {
  const workspaces = await deps.db.acrossWorkspaces().find(Workspace, {}, { orderBy: { id: 'asc' } });
  const fitting = nameOrId === undefined ? workspaces : workspaces.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  const [only, ...others] = fitting;
  if (only && others.length === 0) return only.id;
  const names = workspaces.map(({ id, name }) => `${name} (${id})`).join(', ');
  if (workspaces.length === 0) throw new AppError('not_found', 'There is no workspace yet: open the console and set it up.');
  throw new AppError(
    'invalid_request',
    only ? `Say which workspace with --workspace: ${names}.` : `There is no workspace of that name. There are: ${names}.`,
    { errors: [{ path: 'workspace', message: 'names no single workspace' }] },
  );
}

/** Two set-ups at the same moment take turns; the second finds an owner. Held to the end of the transaction. */
export async function lockFirstOwner(em: EntityManager): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?)', [FIRST_OWNER_LOCK]);
}

export async function findFirstOwner(em: EntityManager): Promise<Owner | null> {
  const member = await em.findOne(Member, { role: 'owner' }, { orderBy: { createdAt: 'asc' } });
  return member && { workspaceId: member.workspace.id, userId: member.user.id };
}

/** `by`: who makes them; the instance itself unless it is said. */
export type NewOwner = {
  workspaceName: string;
  ownerName: string;
  email: string | null;
  passwordHash: string | null;
  now: Date;
  by?: AuditActor;
};

/** Writes a workspace, a user and the membership that makes the one own the other, inside the caller's transaction. */
export async function insertOwner(em: EntityManager, owner: NewOwner): Promise<Owner> {
  const { workspaceName, ownerName, email, passwordHash, now } = owner;
  const workspaceId = makeId('workspace', now.getTime());
  const userId = makeId('user', now.getTime());
  await em.insert(Workspace, { id: workspaceId, name: workspaceName, createdAt: now });
  await em.insert(User, { id: userId, name: ownerName, email, passwordHash, createdAt: now });
  await em.insert(Member, { workspace: workspaceId, user: userId, role: 'owner', createdAt: now });
  await recordAudit(
    em,
    owner.by ?? { kind: 'server' },
    { action: 'workspace.create', target: workspaceId, workspaceId },
    { action: 'member.add', target: userId, detail: 'owner', workspaceId },
  );
  return { workspaceId, userId };
}
