import { z } from 'zod';
import { SCOPES } from './scopes.ts';

/** What the console and the command line are shown of things other than captures. Allow-lists: no hash, no token. */
const instant = z.iso.datetime();

export const ROLES = ['owner', 'admin', 'developer', 'viewer'] as const;

/** Where a key is used from. A network is as much as one line or one office is given: an IPv4 /24, an IPv6 /64. */
export const keyNetworkSchema = z.object({
  network: z.string().describe('Such as `203.0.113.0/24`; `loopback` for the machine of the server itself.'),
  address: z.string().describe('The address of the last use.'),
  client: z.string().nullable().describe('The program, as it calls itself in `User-Agent`; null where it does not.'),
  firstUsedAt: instant,
  lastUsedAt: instant.describe('To within a minute.'),
  isNew: z.boolean().describe('The key had been used from elsewhere only, and nobody has said yet that this is in order.'),
});
export type KeyNetwork = z.infer<typeof keyNetworkSchema>;

export const apiKeyViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  hint: z.string().describe('The first 8 random characters of the key.'),
  scopes: z.array(z.enum(SCOPES)),
  domains: z.array(z.string()).nullable().describe('The narrowing of the allowed domains; null for none.'),
  allowedAddresses: z.array(z.string()).nullable().describe('Addresses or CIDR ranges the key may be used from; null for any.'),
  createdAt: instant,
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable().describe('To within a minute.'),
  lastUsedFrom: z.string().nullable().describe('The address of the last use.'),
  lastUsedBy: z.string().nullable().describe('The program of the last use, as it calls itself in `User-Agent`.'),
  networks: z.array(keyNetworkSchema).describe('Where it is used from, the latest first.'),
  maxConcurrentCaptures: z.int().nullable().describe('How many captures of it may be unfinished at once; null for no bound of its own.'),
});
export type ApiKeyView = z.infer<typeof apiKeyViewSchema>;

/** How far pages may load from elsewhere: from any public host, or from the workspace's list alone. */
export const EGRESS_MODES = ['standard', 'strict'] as const;
export type EgressMode = (typeof EGRESS_MODES)[number];
/** What an allowed domain is for: whole pages, or only their frames and sub-resources. */
export const DOMAIN_USES = ['pages', 'parts'] as const;
export type DomainUse = (typeof DOMAIN_USES)[number];

export const domainViewSchema = z.object({
  id: z.string(),
  domain: z.string().describe('As it is written: host, with the port if it is not 443.'),
  host: z.string(),
  port: z.int().nullable(),
  isPrivate: z.boolean(),
  use: z.enum(DOMAIN_USES).describe('`parts`: only frames and sub-resources of pages, in strict egress mode.'),
  createdAt: instant,
  proof: z
    .object({ recordName: z.string(), recordValue: z.string() })
    .nullable()
    .describe('The DNS record (TXT) that the entry waits for, and counts for nothing until then; null where it holds.'),
  warning: z.string().nullable().describe('That a label of the host mixes scripts and can pass for another name; null where none does.'),
});
export type DomainView = z.infer<typeof domainViewSchema>;

export const runnerViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: instant,
  lastSeenAt: instant.nullable(),
  online: z.boolean(),
  revokedAt: instant.nullable(),
  sandbox: z
    .enum(['on', 'off'])
    .nullable()
    .describe('Whether the sandbox holds its browsers, as it said itself; null before its first claim.'),
  browser: z
    .object({ version: z.string(), isOld: z.boolean() })
    .nullable()
    .describe('Its Chromium, and whether that is too old by its own setting; null before its first claim.'),
});
export type RunnerView = z.infer<typeof runnerViewSchema>;

export const memberViewSchema = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.enum(ROLES),
  joinedAt: instant,
  isYou: z.boolean(),
});
export type MemberView = z.infer<typeof memberViewSchema>;

export const inviteViewSchema = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  createdAt: instant,
  expiresAt: instant,
});
export type InviteView = z.infer<typeof inviteViewSchema>;

export const invitePreviewSchema = z.object({
  workspace: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  hasAccount: z.boolean().describe('Whether the password of an account has to be given, instead of a new one.'),
});
export type InvitePreview = z.infer<typeof invitePreviewSchema>;

export const workspaceViewSchema = z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES), isCurrent: z.boolean() });
export type WorkspaceView = z.infer<typeof workspaceViewSchema>;

export const SIGN_IN_WAYS = ['password', 'link', 'set-up', 'invite', 'oidc'] as const;
const way = z.enum(SIGN_IN_WAYS).nullable().describe('How the person signed in; null for sessions from before this was kept.');

export const meViewSchema = z.object({
  user: z.object({ id: z.string(), name: z.string(), email: z.string().nullable(), hasPassword: z.boolean() }),
  workspace: z.object({ id: z.string(), name: z.string() }),
  role: z.enum(ROLES),
  session: z.object({
    way,
    freshProofUntil: instant.nullable().describe('Until then another password can be set without the current one; null where it cannot.'),
  }),
});
export type MeView = z.infer<typeof meViewSchema>;

export const totpViewSchema = z.object({
  isOn: z.boolean(),
  onSince: instant.nullable(),
  recoveryCodesLeft: z.int(),
  hasPassword: z.boolean().describe('Without a password there is nothing after which a code could be asked for.'),
});
export type TotpView = z.infer<typeof totpViewSchema>;

/** What an authenticator app is given. Shown while it is set up, never afterwards. */
export const totpSecretSchema = z.object({ secret: z.string(), uri: z.string() });
export type TotpSecret = z.infer<typeof totpSecretSchema>;

export const sessionViewSchema = z.object({
  id: z.string(),
  workspace: z.string(),
  way,
  address: z.string().nullable(),
  createdAt: instant,
  expiresAt: instant,
  isCurrent: z.boolean(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;
