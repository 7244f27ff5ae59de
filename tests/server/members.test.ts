import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role, UserActor } from '#server/domain/access/actor.ts';
import { acceptInvite, createInvite, listInvites, previewInvite, purgeInvites, revokeInvite } from '#server/domain/access/invites.ts';
import { changeRole, leaveWorkspace, listMembers, removeMember } from '#server/domain/access/members.ts';
import { createWorkspace, listOwnWorkspaces, renameWorkspace, switchWorkspace } from '#server/domain/access/own-workspaces.ts';
import { createOwner, readSession, signInWithPassword } from '#server/domain/access/sessions.ts';
import { codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';

const PASSWORD = 'correct horse battery staple';
let bed: DomainBed;
let owner: UserActor;
let ownerToken: string;
let people = 0;

beforeAll(async () => {
  bed = await createDomainBed();
  // The bed's own workspace is the operator's; the people of these tests have one of their own.
  await bed.sql(`delete from member`);
  const input = { name: 'Olga', email: 'olga@example.com', password: PASSWORD, workspaceName: 'Acme' };
  ownerToken = (await createOwner(bed.deps, input)).token;
  owner = await readSession(bed.deps, ownerToken);
});
afterAll(() => bed.close());
beforeEach(() => {
  people += 1;
});

/** What calls at the same moment come to: `ok` or the code of the refusal, sorted. */
const outcomes = async (calls: Promise<unknown>[]) => {
  const settled = await Promise.allSettled(calls);
  const coded = settled.map((one) => (one.status === 'fulfilled' ? 'ok' : codeOf(Promise.reject(one.reason))));
  return (await Promise.all(coded)).sort();
};
const emailOf = (name: string) => `${name}-${people}@example.com`;
const invite = async (name: string, role: Role, by: UserActor = owner) =>
  (await createInvite(bed.deps, by, { email: emailOf(name), role })).token;
const join = async (name: string, role: Role) => {
  const { token } = await acceptInvite(bed.deps, { token: await invite(name, role), name, password: PASSWORD });
  return { token, actor: await readSession(bed.deps, token) };
};

describe('invites', () => {
  test('somebody new accepts with a name and a password, once, and is signed in with the role', async () => {
    const token = await invite('new', 'developer');
    expect(await previewInvite(bed.deps, token)).toEqual({
      workspace: 'Acme',
      email: emailOf('new'),
      role: 'developer',
      hasAccount: false,
    });
    const session = await acceptInvite(bed.deps, { token, name: 'New', password: PASSWORD });
    expect(await readSession(bed.deps, session.token)).toMatchObject({ role: 'developer', name: 'New', workspaceId: owner.workspaceId });
    expect(await codeOf(acceptInvite(bed.deps, { token, name: 'New', password: PASSWORD }))).toBe('not_found');
    expect(await codeOf(previewInvite(bed.deps, token))).toBe('not_found');
    await signInWithPassword(bed.deps, { email: emailOf('new').toUpperCase(), password: PASSWORD });
  });

  test('an account is proved by its password, and keeps it', async () => {
    await join('known', 'viewer');
    const elsewhere = await createWorkspace(bed.deps, owner, { name: `Elsewhere ${people}` });
    const token = await invite('known', 'admin', await readSession(bed.deps, ownerToken));
    await switchWorkspace(bed.deps, owner, owner.workspaceId);
    expect(await previewInvite(bed.deps, token)).toMatchObject({ hasAccount: true, workspace: elsewhere.name });
    expect(await codeOf(acceptInvite(bed.deps, { token, name: 'X', password: 'another long password' }))).toBe('not_signed_in');
    const session = await acceptInvite(bed.deps, { token, password: PASSWORD });
    expect(await readSession(bed.deps, session.token)).toMatchObject({ role: 'admin', workspaceId: elsewhere.id });
  });

  test('a weak password or a missing name uses nothing up', async () => {
    const token = await invite('careful', 'viewer');
    expect(await codeOf(acceptInvite(bed.deps, { token, name: 'C', password: 'short' }))).toBe('invalid_request');
    expect(await codeOf(acceptInvite(bed.deps, { token, password: PASSWORD }))).toBe('invalid_request');
    await acceptInvite(bed.deps, { token, name: 'C', password: PASSWORD });
  });

  test('two who use one link at the same moment: one of them joins', async () => {
    const token = await invite('twice', 'viewer');
    expect(await outcomes(['A', 'B'].map((name) => acceptInvite(bed.deps, { token, name, password: PASSWORD })))).toEqual([
      'not_found',
      'ok',
    ]);
  });

  test('a second invite takes the place of the first; one taken back or run out leads nowhere', async () => {
    const first = await invite('again', 'viewer');
    const second = await invite('again', 'developer');
    expect(await codeOf(previewInvite(bed.deps, first))).toBe('not_found');
    const listed = (await listInvites(bed.deps, owner)).filter(({ email }) => email === emailOf('again'));
    expect(listed).toMatchObject([{ role: 'developer' }]);
    await revokeInvite(bed.deps, owner, listed[0]?.id ?? '');
    expect(await codeOf(previewInvite(bed.deps, second))).toBe('not_found');
    const third = await invite('again', 'viewer');
    await bed.sql(`update invite set expires_at = now() - interval '1 second' where email = $1`, [emailOf('again')]);
    expect(await codeOf(acceptInvite(bed.deps, { token: third, name: 'A', password: PASSWORD }))).toBe('not_found');
    await purgeInvites(bed.deps);
    expect(await bed.sql('select id from invite where email = $1', [emailOf('again')])).toEqual([]);
  });

  test('members are not invited again, and only the hash of a token is kept', async () => {
    await join('here', 'viewer');
    expect(await codeOf(invite('here', 'admin'))).toBe('conflict');
    const token = await invite('kept', 'viewer');
    expect(JSON.stringify(await bed.sql('select * from invite'))).not.toContain(token);
  });
});

describe('members', () => {
  test('a new role holds from the next call on', async () => {
    const { actor, token } = await join('riser', 'viewer');
    await changeRole(bed.deps, owner, { userId: actor.userId, role: 'admin' });
    expect((await readSession(bed.deps, token)).role).toBe('admin');
    expect(await listMembers(bed.deps, owner)).toContainEqual(
      expect.objectContaining({ userId: actor.userId, role: 'admin', isYou: false }),
    );
  });

  test('admins neither make nor unmake owners', async () => {
    const { actor: admin } = await join('admin', 'admin');
    const { actor: other } = await join('other', 'viewer');
    expect(await codeOf(changeRole(bed.deps, admin, { userId: other.userId, role: 'owner' }))).toBe('forbidden');
    expect(await codeOf(changeRole(bed.deps, admin, { userId: owner.userId, role: 'viewer' }))).toBe('forbidden');
    expect(await codeOf(removeMember(bed.deps, admin, owner.userId))).toBe('forbidden');
    expect(await codeOf(invite('boss', 'owner', admin))).toBe('forbidden');
    await changeRole(bed.deps, admin, { userId: other.userId, role: 'developer' });
  });

  test('who is removed or leaves is signed out of this workspace at once', async () => {
    const gone = await join('gone', 'developer');
    await removeMember(bed.deps, owner, gone.actor.userId);
    expect(await codeOf(readSession(bed.deps, gone.token))).toBe('not_signed_in');
    const leaver = await join('leaver', 'viewer');
    await leaveWorkspace(bed.deps, leaver.actor);
    expect(await codeOf(readSession(bed.deps, leaver.token))).toBe('not_signed_in');
    expect(await codeOf(removeMember(bed.deps, owner, gone.actor.userId))).toBe('not_found');
  });

  test('the last owner stays one, also when two leave at the same moment', async () => {
    expect(await codeOf(leaveWorkspace(bed.deps, owner))).toBe('conflict');
    expect(await codeOf(changeRole(bed.deps, owner, { userId: owner.userId, role: 'admin' }))).toBe('conflict');
    const { actor: second } = await join('second', 'owner');
    const codes = await outcomes([leaveWorkspace(bed.deps, second), removeMember(bed.deps, second, owner.userId)]);
    expect(codes).toEqual(['conflict', 'ok']);
    expect(await bed.sql(`select user_id from member where workspace_id = $1 and role = 'owner'`, [owner.workspaceId])).toHaveLength(1);
  });
});

describe('workspaces', () => {
  test('a session goes to another workspace of its user, and nowhere else', async () => {
    const { actor, token } = await join('mover', 'admin');
    const made = await createWorkspace(bed.deps, actor, { name: `Mine ${people}` });
    expect(await readSession(bed.deps, token)).toMatchObject({ workspaceId: made.id, role: 'owner' });
    await switchWorkspace(bed.deps, actor, actor.workspaceId);
    expect((await readSession(bed.deps, token)).workspaceId).toBe(actor.workspaceId);
    expect(await listOwnWorkspaces(bed.deps, actor)).toMatchObject([
      { id: actor.workspaceId, role: 'admin', isCurrent: true },
      { id: made.id, role: 'owner', isCurrent: false },
    ]);
    const { actor: stranger } = await join('stranger', 'viewer');
    expect(await codeOf(switchWorkspace(bed.deps, stranger, made.id))).toBe('not_found');
    expect(await codeOf(createWorkspace(bed.deps, stranger, { name: 'x' }))).toBe('forbidden');
    expect(await renameWorkspace(bed.deps, actor, { name: 'Acme & Co' })).toEqual({ id: actor.workspaceId, name: 'Acme & Co' });
    await renameWorkspace(bed.deps, actor, { name: 'Acme' });
  });
});
