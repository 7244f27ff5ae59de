import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { ApiKeyId, RunnerId, UserId, WorkspaceId } from '#shared/ids.ts';
import type { Scope } from '#shared/scopes.ts';
import type { Secret } from '#shared/secret.ts';
import { AppError } from '../app-error.ts';

export type Role = 'owner' | 'admin' | 'developer' | 'viewer';
/** Where a caller came from, for the audit log. */
type From = { address?: string };

/** A program with an API key. `fingerprintKey` is derived from the key itself and keys its idempotency fingerprints. */
export type ApiKeyActor = From & {
  kind: 'apiKey';
  keyId: ApiKeyId;
  workspaceId: WorkspaceId;
  scopes: readonly Scope[];
  domains: readonly AllowedDomain[] | null;
  maxConcurrentCaptures: number | null;
  fingerprintKey: Secret<Uint8Array>;
};
/** A person signed in to the console. */
export type UserActor = From & {
  kind: 'user';
  userId: UserId;
  workspaceId: WorkspaceId;
  role: Role;
  name: string;
  sessionHash: string;
  fingerprintKey: Secret<Uint8Array>;
};
/** The owner of the machine, through the command line of the running instance. */
export type OperatorActor = From & { kind: 'operator'; workspaceId: WorkspaceId; fingerprintKey: Secret<Uint8Array> };
/** What a runner says of its browsers with each claim: of their sandbox, and of their version and whether that is too old. */
export type SaidOfBrowsers = { sandbox?: 'on' | 'off' | undefined; browser?: { version: string; isOld: boolean } | undefined };
/** `said`: with its last claim, where that was read. */
export type RunnerActor = From & { kind: 'runner'; runnerId: RunnerId; name: string; said?: SaidOfBrowsers };

/** Everybody who acts inside a workspace. */
export type Actor = ApiKeyActor | UserActor | OperatorActor;

const VIEWER: readonly Scope[] = ['captures:read'];

/** Refuses unless the actor may do what the scope names. Viewers read; other members and operators do everything. */
export function requireScope(actor: Actor, scope: Scope): void {
  const held = actor.kind === 'apiKey' ? actor.scopes : actor.kind === 'user' && actor.role === 'viewer' ? VIEWER : [scope];
  if (!held.includes(scope))
    throw new AppError(
      'insufficient_scope',
      `This needs the scope \`${scope}\`. Make a key that has it (\`sessionshot keys create NAME --scope ${scope}\`, with \`--scope\` again for each other that it needs), or ask an admin of the workspace.`,
    );
}

/** Tells whether an actor may see the names of the parts of an auth state: programs that may read, never people at a screen. */
export function seesAuthNames(actor: Actor): boolean {
  return actor.kind === 'operator' || (actor.kind === 'apiKey' && actor.scopes.includes('captures:read'));
}

/** Refuses unless the actor may administer keys, domains and members: owners, admins and operators; never an API key. */
export function requireAdmin(actor: Actor): void {
  if (actor.kind === 'operator' || (actor.kind === 'user' && (actor.role === 'owner' || actor.role === 'admin'))) return;
  throw new AppError('forbidden', 'Only an owner or admin of the workspace may do this.');
}
