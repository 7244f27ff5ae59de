import { z } from 'zod';
import { invitePreviewSchema, inviteViewSchema, memberViewSchema, ROLES, workspaceViewSchema } from '#shared/console.ts';
import { LIMITS } from '#shared/limits.ts';
import { strict } from '#shared/strict.ts';
import { acceptInvite, createInvite, listInvites, previewInvite, revokeInvite } from '../domain/access/invites.ts';
import { changeRole, leaveWorkspace, listMembers, removeMember } from '../domain/access/members.ts';
import { createWorkspace, listOwnWorkspaces, renameWorkspace, switchWorkspace } from '../domain/access/own-workspaces.ts';
import { asAdmin, asUser, open, router } from './procedures.ts';
import { startSession } from './start-session.ts';

const id = z.string().min(1).max(100);
const name = z.string().trim().min(1).max(LIMITS.nameCharsMax);
const email = z.string().trim().max(254).pipe(z.email());
const role = z.enum(ROLES);
const token = z.string().min(1).max(200);
const done = z.object({ ok: z.literal(true) });

/** The people of a workspace and what they may do. */
export const membersRouter = router({
  list: asAdmin.output(z.array(memberViewSchema)).query(({ ctx }) => listMembers(ctx.instance.deps, ctx.actor)),

  changeRole: asAdmin
    .meta({ access: 'admin', audit: 'member.role' })
    .input(strict({ userId: id, role }))
    .output(memberViewSchema)
    .mutation(({ ctx, input }) => changeRole(ctx.instance.deps, ctx.actor, input)),

  remove: asAdmin
    .meta({ access: 'admin', audit: 'member.remove' })
    .input(strict({ userId: id }))
    .output(z.object({ userId: id }))
    .mutation(({ ctx, input }) => removeMember(ctx.instance.deps, ctx.actor, input.userId)),

  leave: asUser
    .meta({ access: 'user', audit: 'member.remove' })
    .output(done)
    .mutation(async ({ ctx }) => {
      await leaveWorkspace(ctx.instance.deps, ctx.actor);
      ctx.session?.clear();
      return { ok: true } as const;
    }),
});

/** Ways into a workspace: one-time links that are handed on by whoever made them. */
export const invitesRouter = router({
  list: asAdmin.output(z.array(inviteViewSchema)).query(({ ctx }) => listInvites(ctx.instance.deps, ctx.actor)),

  create: asAdmin
    .meta({ access: 'admin', audit: 'invite.create' })
    .input(strict({ email, role: role.default('developer') }))
    .output(z.object({ invite: inviteViewSchema, url: z.string().describe('Shown this once.') }))
    .mutation(async ({ ctx, input }) => {
      const made = await createInvite(ctx.instance.deps, ctx.actor, input);
      // In the fragment: it is not sent to any server, not even to ours, and so is in no log.
      return { invite: made.invite, url: `${ctx.instance.publicUrl()}/invite#token=${made.token}` };
    }),

  revoke: asAdmin
    .meta({ access: 'admin', audit: 'invite.revoke' })
    .input(strict({ id }))
    .output(z.object({ id }))
    .mutation(({ ctx, input }) => revokeInvite(ctx.instance.deps, ctx.actor, input.id)),

  /** A mutation, so that the token is in a body and in no address. */
  preview: open
    .meta({ access: 'anyone', audit: null })
    .input(strict({ token }))
    .output(invitePreviewSchema)
    .mutation(({ ctx, input }) =>
      ctx.instance.rates.trySignIn({ address: ctx.address, name: 'invite' }, () => previewInvite(ctx.instance.deps, input.token)),
    ),

  accept: open
    .meta({ access: 'anyone', audit: 'member.add' })
    .input(
      strict({ token, name: name.optional(), password: z.string().min(1).max(1000), code: z.string().trim().min(1).max(100).optional() }),
    )
    .output(done)
    .mutation(async ({ ctx, input }) => {
      const { rates, deps } = ctx.instance;
      const { email } = await rates.trySignIn({ address: ctx.address, name: 'invite' }, () => previewInvite(deps, input.token));
      // Where there is an account its password is asked for: a guess is one at the account, by whichever way it comes.
      return await startSession(ctx, { name: email, code: input.code }, () => acceptInvite(deps, { ...input, address: ctx.address }));
    }),
});

/** The workspaces of the person who is signed in. */
export const workspacesRouter = router({
  list: asUser.output(z.array(workspaceViewSchema)).query(({ ctx }) => listOwnWorkspaces(ctx.instance.deps, ctx.actor)),

  create: asAdmin
    .meta({ access: 'admin', audit: 'workspace.create' })
    .input(strict({ name }))
    .output(workspaceViewSchema)
    .mutation(({ ctx, input }) => createWorkspace(ctx.instance.deps, ctx.actor, input)),

  switch: asUser
    .meta({ access: 'user', audit: 'workspace.switch' })
    .input(strict({ id }))
    .output(workspaceViewSchema)
    .mutation(({ ctx, input }) => switchWorkspace(ctx.instance.deps, ctx.actor, input.id)),

  rename: asAdmin
    .meta({ access: 'admin', audit: 'workspace.rename' })
    .input(strict({ name }))
    .output(z.object({ id, name }))
    .mutation(({ ctx, input }) => renameWorkspace(ctx.instance.deps, ctx.actor, input)),
});
