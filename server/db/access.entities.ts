import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { AllowedDomain as AllowedDomainEntry } from '#shared/allowed-domain.ts';
import { DOMAIN_USES, EGRESS_MODES, type KeyNetwork, type SIGN_IN_WAYS } from '#shared/console.ts';
import type { AllowedDomainId, ApiKeyId, InviteId, RunnerId, SessionId, UserId, WorkspaceId } from '#shared/ids.ts';
import type { Scope } from '#shared/scopes.ts';
import { ofMembers, ofNone, ofWorkspace } from './policies.ts';

export const Workspace = defineEntity({
  name: 'Workspace',
  tableName: 'workspace',
  ...ofWorkspace('id'),
  properties: {
    id: p.text().$type<WorkspaceId>().primary(),
    name: p.text(),
    egressMode: p.enum(EGRESS_MODES).default('standard'),
    createdAt: p.datetime(),
  },
});

export const User = defineEntity({
  name: 'User',
  tableName: 'app_user',
  ...ofMembers(),
  properties: {
    id: p.text().$type<UserId>().primary(),
    email: p.text().unique().nullable(),
    name: p.text(),
    passwordHash: p.text().nullable().hidden(),
    createdAt: p.datetime(),
  },
});

export const Member = defineEntity({
  name: 'Member',
  tableName: 'member',
  ...ofWorkspace(),
  properties: {
    workspace: () => p.manyToOne(Workspace).ref().primary(),
    user: () => p.manyToOne(User).ref().primary(),
    role: p.enum(['owner', 'admin', 'developer', 'viewer'] as const),
    createdAt: p.datetime(),
  },
});

/** A console session. Only the SHA-256 of its token is stored. */
export const ConsoleSession = defineEntity({
  name: 'ConsoleSession',
  tableName: 'console_session',
  ...ofWorkspace(),
  properties: {
    tokenHash: p.text().primary(),
    /** Names the session where its person sees and ends it. */
    id: p.text().$type<SessionId>().unique(),
    user: () => p.manyToOne(User).ref().deleteRule('cascade'),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    way: p.text().$type<(typeof SIGN_IN_WAYS)[number]>().nullable(),
    address: p.text().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});

/** The authenticator app of a user. Its secret is sealed by the server's own key; it counts once it is confirmed. */
export const Totp = defineEntity({
  name: 'Totp',
  tableName: 'totp',
  ...ofNone(),
  properties: {
    user: () => p.manyToOne(User).ref().primary().deleteRule('cascade'),
    sealedSecret: p.text().hidden(),
    createdAt: p.datetime(),
    confirmedAt: p.datetime().nullable(),
    /** The time step of the last code that was taken: no code of it or of an earlier one is taken again. */
    lastStep: p.integer().nullable(),
    /** Codes tried since `triesSince` without success. */
    tries: p.integer(),
    triesSince: p.datetime().nullable(),
  },
});

/** A code for the day on which the authenticator app is lost. Only a SHA-256 is stored; using it deletes the row. */
export const RecoveryCode = defineEntity({
  name: 'RecoveryCode',
  tableName: 'recovery_code',
  ...ofNone(),
  properties: {
    codeHash: p.text().primary(),
    user: () => p.manyToOne(User).ref().deleteRule('cascade'),
  },
});

/** A user as an identity provider knows them. Its word for a person is `subject`, which is never given to another. */
export const ExternalLogin = defineEntity({
  name: 'ExternalLogin',
  tableName: 'external_login',
  ...ofNone(),
  uniques: [{ properties: ['issuer', 'user'], name: 'external_login_user_unique' }],
  properties: {
    issuer: p.text().primary(),
    subject: p.text().primary(),
    user: () => p.manyToOne(User).ref().deleteRule('cascade'),
    createdAt: p.datetime(),
    lastUsedAt: p.datetime().nullable(),
  },
});

/** A one-time sign-in link. Only the SHA-256 of its token is stored; using it deletes the row. */
export const SignInLink = defineEntity({
  name: 'SignInLink',
  tableName: 'sign_in_link',
  ...ofNone(),
  properties: {
    tokenHash: p.text().primary(),
    user: () => p.manyToOne(User).ref().deleteRule('cascade'),
    expiresAt: p.datetime(),
  },
});

/** A one-time link into a workspace. Only the SHA-256 of its token is stored; using it deletes the row. */
export const Invite = defineEntity({
  name: 'Invite',
  tableName: 'invite',
  ...ofWorkspace(),
  uniques: [{ properties: ['workspace', 'email'], name: 'invite_unique' }],
  properties: {
    id: p.text().$type<InviteId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    email: p.text(),
    role: p.enum(['owner', 'admin', 'developer', 'viewer'] as const),
    tokenHash: p.text().unique().hidden(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});

export const ApiKey = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  ...ofWorkspace(),
  properties: {
    id: p.text().$type<ApiKeyId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    name: p.text(),
    hint: p.text(),
    hash: p.text().unique().hidden(),
    scopes: p.json<Scope[]>(),
    domains: p.json<AllowedDomainEntry[]>().nullable(),
    allowedAddresses: p.json<string[]>().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
    /** Read with the key at each call: that is why they are no table of their own. Bounded by `LIMITS`. */
    networks: p.json<KeyNetwork[]>().nullable(),
    maxConcurrentCaptures: p.integer().nullable(),
  },
});

export const AllowedDomain = defineEntity({
  name: 'AllowedDomain',
  tableName: 'allowed_domain',
  ...ofWorkspace(),
  uniques: [{ properties: ['workspace', 'host', 'port'], name: 'allowed_domain_unique' }],
  properties: {
    id: p.text().$type<AllowedDomainId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    host: p.text(),
    port: p.integer(),
    isPrivate: p.boolean(),
    use: p.enum(DOMAIN_USES).default('pages'),
    /** What the owner of the host is to publish; null where no proof was asked for. No secret. */
    proofToken: p.text().nullable(),
    provedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

export const Runner = defineEntity({
  name: 'Runner',
  tableName: 'runner',
  properties: {
    id: p.text().$type<RunnerId>().primary(),
    name: p.text(),
    tokenHash: p.text().unique().hidden(),
    createdAt: p.datetime(),
    lastSeenAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    /** What the runner said of its browsers with its last claim. */
    sandbox: p.enum(['on', 'off'] as const).nullable(),
    browserVersion: p.text().nullable(),
    browserIsOld: p.boolean().nullable(),
  },
});

/** A pool key that the operator revoked: nothing is sealed to it, and nothing that was is given to a runner. Never deleted. */
export const RevokedPoolKey = defineEntity({
  name: 'RevokedPoolKey',
  tableName: 'revoked_pool_key',
  properties: { kid: p.text().primary(), revokedAt: p.datetime() },
});

/** How far a rate is used up: everything is there again at `busyUntil`. Unlogged: a crash of the database forgets it. */
export const RateLimit = defineEntity({
  name: 'RateLimit',
  tableName: 'rate_limit',
  properties: { name: p.text().primary(), busyUntil: p.datetime() },
});

export type MemberRow = InferEntity<typeof Member>;
export type TotpRow = InferEntity<typeof Totp>;
export type InviteRow = InferEntity<typeof Invite>;
export type ApiKeyRow = InferEntity<typeof ApiKey>;
export type AllowedDomainRow = InferEntity<typeof AllowedDomain>;
export type RunnerRow = InferEntity<typeof Runner>;
