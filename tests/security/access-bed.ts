import { randomBytes } from 'node:crypto';
import { Member, User } from '#server/db/access.entities.ts';
import type { Role } from '#server/domain/access/actor.ts';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { createInvite } from '#server/domain/access/invites.ts';
import { listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { createRunner } from '#server/domain/access/runners.ts';
import { createSignInLink, readSession, signInWithLink } from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import { insertOwner } from '#server/domain/access/workspaces.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { sendTestEvent } from '#server/domain/webhooks/resend-webhooks.ts';
import { createWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { makeId, type UserId, type WorkspaceId } from '#shared/ids.ts';
import { SCOPES, type Scope } from '#shared/scopes.ts';
import { secret } from '#shared/secret.ts';
import { type ApiBed, createApiBed } from '../api/api-bed.ts';
import { startTestDns, type TestDns } from '../services/test-dns.ts';
import { PASSWORD, type Subject } from './cases/procedures.ts';

const SIGNER = 'signer@example.com';
const unique = () => `u${randomBytes(8).toString('hex')}`;

/** One of two workspaces: makes callers of it and things in it. */
export type Side = {
  workspaceId: WorkspaceId;
  /** A key of this workspace. */
  makeKey(scopes: readonly Scope[]): Promise<string>;
  /** The cookie of somebody new who has this role here. */
  signIn(role: Role): Promise<string>;
  /** Fresh things of this workspace, so that a call which deletes them disturbs no other. */
  makeSubject(): Promise<Subject>;
  /** A one-time sign-in link of somebody new here. */
  makeLink(): Promise<string>;
  /** An invite into this workspace: its id and its one-time token. */
  makeInvite(): Promise<{ id: string; token: string }>;
  /** A fingerprint of everything of this workspace that a call could have changed, table by table. */
  picture(): Promise<Record<string, unknown>>;
};

export type AccessBed = {
  api: ApiBed;
  first: Side;
  second: Side;
  unique(): string;
  /** Notes what there is; the answer deletes what was made since. A picture of thousands of captures takes longer than the call that it is about. */
  keepWhatIs(): Promise<() => Promise<void>>;
  close(): Promise<void>;
};

/** The server with two workspaces, made by the functions of the domain, since the product itself makes only the first. */
export async function createAccessBed(): Promise<AccessBed> {
  const dns = await startTestDns();
  const api = await createApiBed({
    settings: { queuedPerWorkspaceMax: 10_000 },
    trustedProxies: ['127.0.0.1'],
    domainProof: { isRequired: false, nameServers: [dns.address] },
  });
  const { deps } = api.app;
  const second = await deps.db
    .acrossWorkspaces()
    .transactional((em) =>
      insertOwner(em, { workspaceName: 'second', ownerName: 'Other', email: null, passwordHash: null, now: new Date() }),
    );
  const sides = { first: createSide(api, dns, api.operator.workspaceId), second: createSide(api, dns, second.workspaceId) };
  await addSigner(api, sides.first.workspaceId);
  await sides.second.makeSubject(); // so that its lists are not empty
  const close = async () => {
    await api.close();
    await dns.close();
  };
  const keepWhatIs = async () => {
    const kept = await Promise.all(
      GROWING.map(async (table) => ({ table, ids: (await api.sql(`select id from ${table}`)).map(({ id }) => id) })),
    );
    return async () => {
      for (const { table, ids } of kept) await api.sql(`delete from ${table} where id <> all($1)`, [ids]);
    };
  };
  return { api, ...sides, unique, keepWhatIs, close };
}

/** What each case makes more of; what belongs to these goes with them. */
const GROWING = ['capture', 'api_key', 'allowed_domain', 'invite', 'runner', 'webhook_endpoint', 'webhook_event', 'app_user', 'workspace'];

function createSide(api: ApiBed, dns: TestDns, workspaceId: WorkspaceId): Side {
  const { deps } = api.app;
  const operator = { kind: 'operator' as const, workspaceId, fingerprintKey: secret(randomBytes(32)) };
  const makeKey = async (scopes: readonly Scope[]) => (await createApiKey(deps, operator, { name: unique(), scopes })).key;
  const makeInvite = async () => {
    const { invite, token } = await createInvite(deps, operator, { email: `${unique()}@example.com`, role: 'viewer' });
    return { id: invite.id, token };
  };
  /** An endpoint, and a delivery to it that is over. As many as are made here would be too many for one workspace. */
  const makeWebhook = async () => {
    await api.sql(FORGET_WEBHOOKS, [workspaceId]);
    // A case before may have made the workspace strict, where this address would have to be listed.
    await api.sql(`update workspace set egress_mode = 'standard' where id = $1`, [workspaceId]);
    const { endpoint } = await createWebhookEndpoint(deps, operator, { url: 'https://hooks.example.net/inbox' });
    const { id: delivery } = await sendTestEvent(deps, operator, endpoint.id);
    await api.sql(`update webhook_delivery set state = 'failed', lease_until = null where id = $1`, [delivery]);
    return { webhook: endpoint.id, delivery };
  };
  return {
    workspaceId,
    makeKey,
    signIn: async (role) => {
      const userId = await addMember(api, workspaceId, role);
      const { token } = await signInWithLink(deps, (await createSignInLink(deps, userId)).token);
      return `ss_session=${token}`;
    },
    makeSubject: async () => {
      const domain = await addAllowedDomain(deps, operator, { domain: `${unique()}.acme.io` });
      // It waits for its proof, and the proof is there: whoever may has but to ask for it.
      await api.sql('update allowed_domain set proof_token = id where id = $1', [domain.id]);
      dns.tell(`_sessionshot-challenge.${domain.host}`, [`sessionshot-verification=${domain.id}`]);
      await addAllowedDomain(deps, operator, { domain: '*.example.com' });
      const { apiKey, key: keyText } = await createApiKey(deps, operator, { name: unique(), scopes: SCOPES });
      for (const address of ['203.0.113.7', '198.51.100.7']) await authenticateApiKey(deps, keyText, { address });
      const request = captureRequestSchema.parse({ url: 'https://app.example.com/x', output: { format: 'png' } });
      const actor = await authenticateApiKey(deps, await makeKey(SCOPES), { address: '127.0.0.1' });
      const { capture } = await createCapture(deps, actor, request, { body: {} });
      const { runner } = await createRunner(deps, { name: unique() });
      const member = await addMember(api, workspaceId, 'viewer');
      const { token } = await signInWithLink(deps, (await createSignInLink(deps, member)).token);
      const [session] = await listOwnSessions(deps, await readSession(deps, token));
      const link = await createSignInLink(deps, member);
      const invite = await makeInvite();
      const { webhook, delivery } = await makeWebhook();
      return {
        workspace: workspaceId,
        capture: capture.id,
        key: apiKey.id,
        keyNetwork: '198.51.100.0/24',
        keyText,
        domain: domain.id,
        runner: runner.id,
        member,
        invite: invite.id,
        link: link.token,
        inviteToken: invite.token,
        signer: SIGNER,
        session: session?.id ?? '',
        webhook,
        delivery,
      };
    },
    makeInvite,
    makeLink: async () => (await createSignInLink(deps, await addMember(api, workspaceId, 'viewer'))).token,
    picture: async () => {
      const tables = Object.entries(PICTURE).map(
        ([name, select]) => `(select md5(coalesce(string_agg(row::text, '' order by row::text), '')) from (${select}) row) as ${name}`,
      );
      const [picture] = await api.sql(`select ${tables.join(', ')} from (select $1::text as id) workspace`, [workspaceId]);
      return picture ?? {};
    },
  };
}

const FORGET_WEBHOOKS = `delete from webhook_endpoint where workspace_id = $1
  and id not in (select id from webhook_endpoint where workspace_id = $1 order by id desc limit 5)`;

/** What is kept of a workspace, without what the background writes (announcements, last use). */
const PICTURE = {
  captures: 'select id, status, tags, held_at is not null as held from capture where workspace_id = $1',
  // Whose text is long: that a row was written shows in its version as well.
  payloads:
    'select capture_id, capture_payload.xmin::text as version from capture_payload join capture on capture.id = capture_id where workspace_id = $1',
  jobs: 'select id, state, cancel_requested, attempt from job where workspace_id = $1',
  keys: `select id, name, scopes, expires_at, revoked_at, max_concurrent_captures,
    coalesce(jsonb_path_query_array(networks, '$[*] ? (@.isNew == true).network'), '[]') as alerts from api_key where workspace_id = $1`,
  domains: 'select * from allowed_domain where workspace_id = $1',
  answers: 'select key, capture_id from idempotency_record where workspace_id = $1',
  runners: 'select id, name, revoked_at from runner',
  members: 'select user_id, role from member where workspace_id = $1',
  invites: 'select id, email, role from invite where workspace_id = $1',
  totp: 'select user_id, confirmed_at from totp join member using (user_id) where workspace_id = $1',
  workspaces: 'select id, name from workspace where id = $1',
  webhooks: 'select id, description, events, disabled_at from webhook_endpoint where workspace_id = $1',
  secrets: 'select id, expires_at from webhook_secret where workspace_id = $1',
  events: 'select id from webhook_event where workspace_id = $1',
};

/** Adds somebody new, without address and password. */
export async function addMember(api: { app: Pick<ApiBed['app'], 'deps'> }, workspaceId: WorkspaceId, role: Role): Promise<UserId> {
  const userId = makeId('user');
  const createdAt = new Date();
  await api.app.deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.insert(User, { id: userId, name: role, email: null, passwordHash: null, createdAt });
    await em.insert(Member, { workspace: workspaceId, user: userId, role, createdAt });
  });
  return userId;
}

async function addSigner({ app: { deps } }: ApiBed, workspaceId: WorkspaceId): Promise<void> {
  const link = await createSignInLink(deps, await addMember({ app: { deps } }, workspaceId, 'viewer'));
  const { token } = await signInWithLink(deps, link.token);
  await setPassword(deps, await readSession(deps, token), { email: SIGNER, password: PASSWORD });
}
