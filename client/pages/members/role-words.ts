import type { MemberView } from '#shared/console.ts';

export type Role = MemberView['role'];

/** What each role may do, in words. */
export const ROLE_WORDS: Record<Role, { label: string; note: string }> = {
  viewer: { label: 'Viewer', note: 'Sees captures and their results.' },
  developer: { label: 'Developer', note: 'Also makes, cancels and deletes captures.' },
  admin: { label: 'Admin', note: 'Also API keys, allowed domains, members and invites.' },
  owner: { label: 'Owner', note: 'Also makes and unmakes owners.' },
};

/** The roles that somebody of this role may give, the least first. */
export function rolesToGive(own: Role | undefined): Role[] {
  const roles: Role[] = ['viewer', 'developer', 'admin'];
  return own === 'owner' ? [...roles, 'owner'] : roles;
}
