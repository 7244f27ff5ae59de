import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { OperatorActor, RunnerActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain, listAllowedDomains, removeAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, revokeApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateRunner, createRunner } from '#server/domain/access/runners.ts';
import { ensureFirstWorkspace } from '#server/domain/access/workspaces.ts';
import { AppError } from '#server/domain/app-error.ts';
import type { Deps } from '#server/domain/deps.ts';
import { recoverLostJobs } from '#server/domain/jobs/recover-jobs.ts';
import { readIfThere, writePrivateFile } from '#server/embedded/private-file.ts';
import { secret } from '#shared/secret.ts';

export type CaptureKey = { id: string; key: string; isTemporary: boolean };
export type Workspace = {
  /** Whether this start made it: the folder was empty. */
  isNew: boolean;
  actor: OperatorActor;
  /** The key to show and to make the first capture with; null where none is needed. */
  captureKey: CaptureKey | null;
};

const TEMPORARY_KEY_MS = 15 * 60_000;

/**
 * Makes the first workspace where there is none, and lets captures of the demo app in. A new workspace gets an API key;
 * an old one that is to make one capture gets a temporary key.
 */
export async function prepareWorkspace(
  deps: Deps,
  options: { demoPort: number; demoPortBefore: number | null; needsCapture: boolean },
): Promise<Workspace> {
  const first = await ensureFirstWorkspace(deps, { workspaceName: 'Default', ownerName: 'Owner' });
  const actor: OperatorActor = {
    kind: 'operator',
    workspaceId: first.workspaceId,
    fingerprintKey: secret(new Uint8Array(randomBytes(32))),
  };
  await allowDemo(deps, actor, options.demoPort, options.demoPortBefore);
  const wantsKey = first.created || options.needsCapture;
  const name = first.created ? 'First key' : 'One capture of `up --once`';
  const issued = wantsKey
    ? await createApiKey(deps, actor, {
        name,
        scopes: ['captures:create', 'captures:read', 'captures:delete'],
        expiresInMs: first.created ? null : TEMPORARY_KEY_MS,
      })
    : null;
  return { isNew: first.created, actor, captureKey: issued && { id: issued.apiKey.id, key: issued.key, isTemporary: !first.created } };
}

/** Ends a temporary key. */
export async function dropTemporaryKey(deps: Deps, workspace: Workspace): Promise<void> {
  if (workspace.captureKey?.isTemporary) await revokeApiKey(deps, workspace.actor, workspace.captureKey.id);
}

/** The demo keeps its port where it can; where it could not, the entry of its old port goes. */
async function allowDemo(deps: Deps, actor: OperatorActor, port: number, portBefore: number | null): Promise<void> {
  if (portBefore !== null && portBefore !== port) {
    const old = (await listAllowedDomains(deps, actor)).find((entry) => entry.host === 'localhost' && entry.port === portBefore);
    if (old) await removeAllowedDomain(deps, actor, old.id);
  }
  await addAllowedDomain(deps, actor, { domain: `localhost:${port}`, isPrivate: true });
}

/**
 * Finds or makes the token of the embedded runner; it is kept in a private file, and in the database as a hash. It does
 * not run yet: what an earlier one still holds is taken back at once instead of when its lease runs out.
 */
export async function prepareRunnerToken(deps: Deps, dataDir: string): Promise<string> {
  const file = join(dataDir, 'runner.token');
  const held = readIfThere(file)?.trim();
  const runner = held ? await findRunner(deps, held) : null;
  if (runner) {
    await recoverLostJobs(deps, runner.runnerId);
    return file;
  }
  const { token } = await createRunner(deps, { name: 'embedded' });
  writePrivateFile(file, token);
  return file;
}

async function findRunner(deps: Deps, token: string): Promise<RunnerActor | null> {
  try {
    return await authenticateRunner(deps, token);
  } catch (error) {
    if (error instanceof AppError) return null; // revoked, or of a database that is no more
    throw error;
  }
}
