import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { confirmTotp, enrolTotp } from '#server/domain/access/enrol-totp.ts';
import { listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { createSignInLink, readSession, signInWithLink, signInWithPassword } from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import type { WorkspaceId } from '#shared/ids.ts';
import type { ApiBed } from '../api/api-bed.ts';
import { addMember } from './access-bed.ts';
import { PASSWORD } from './cases/procedures.ts';

const STEP_MS = 30_000;
/** With a password; with an app that waits for its first code; with one that counts. */
export type Stage = 'password' | 'enrolled' | 'protected';
/** `code`: the one that passes next. `session`: the id of the session that the cookie belongs to. */
export type Account = { email: string; cookie: string; session: string; code: string };

/** Makes somebody new with an account of their own, signed in. */
export async function makeAccount({ app: { deps } }: ApiBed, workspaceId: WorkspaceId, stage: Stage): Promise<Account> {
  const email = `p${randomBytes(8).toString('hex')}@example.com`;
  const userId = await addMember({ app: { deps } }, workspaceId, 'viewer');
  const link = await signInWithLink(deps, (await createSignInLink(deps, userId)).token);
  await setPassword(deps, await readSession(deps, link.token), { email, password: PASSWORD });
  const { token } = await signInWithPassword(deps, { email, password: PASSWORD });
  const actor = await readSession(deps, token);
  const session = (await listOwnSessions(deps, actor)).find(({ isCurrent }) => isCurrent)?.id ?? '';
  const account = { email, cookie: `ss_session=${token}`, session };
  if (stage === 'password') return { ...account, code: '' };
  const { secret } = await enrolTotp(deps, actor, { password: PASSWORD });
  const codeIn = (steps: number) => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * STEP_MS });
  if (stage === 'enrolled') return { ...account, code: codeIn(0) };
  await confirmTotp(deps, actor, codeIn(0));
  return { ...account, code: codeIn(1) };
}
