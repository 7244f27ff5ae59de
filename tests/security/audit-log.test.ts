import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUDIT_ACTIONS, type AuditAction } from '#shared/audit-actions.ts';
import { SCOPES } from '#shared/scopes.ts';
import { createFakeRunner } from '../api/fake-runner.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';
import { callByConsole, callByKey, callByOperator, type Heard, listProcedures, type Procedure } from './call-procedure.ts';
import { PASSWORD, PROCEDURES, type Subject } from './cases/procedures.ts';
import { type Account, makeAccount, type Stage } from './make-account.ts';

/**
 * Whatever changes something leaves its entry in the audit log. The rows are the router's own mutations: one that does not
 * say what it leaves fails here, and so does one that leaves something else.
 */
let bed: AccessBed;
beforeAll(async () => {
  bed = await createAccessBed();
});
afterAll(() => bed?.close());

const mutations = listProcedures().filter(({ type }) => type === 'mutation');
/** Mutations by their form that change nothing: said twice on purpose. */
const CHANGE_NOTHING = ['captures.dryRun', 'invites.preview'];

/** What acts on keys of the pool: their ids are of another form, and a purge acts on none. */
const ON_THE_POOL = ['poolKeys.revoke', 'payloads.purge'];

test('every mutation says what it leaves in the audit log', () => {
  const silent = mutations.filter(({ meta }) => declared(meta) === undefined).map(({ path }) => path);
  expect(silent).toEqual([]);
  expect(mutations.filter(({ meta }) => declared(meta) === null).map(({ path }) => path)).toEqual(CHANGE_NOTHING);
});

describe.each(mutations.map((procedure): [string, Procedure] => [procedure.path, procedure]))('%s', (path, procedure) => {
  const action = declared(procedure.meta) ?? null;

  test(action === null ? 'leaves nothing' : `leaves ${action}, with who, whence and on what, and nothing secret`, async () => {
    const subject = await prepare(path);
    const { call, kind, input } = await callerOf(path, procedure);
    const before = await entryIds();
    const { code } = await call(input ?? PROCEDURES[path]?.input?.(subject, bed.unique()));
    expect(code).toBe('ok');
    const left = (await entries()).filter(({ id }) => !before.has(String(id)));
    if (action === null) return expect(left).toEqual([]);
    const [entry, ...others] = left.filter((one) => one.action === action);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ actor_kind: kind, outcome: 'ok', address: expect.stringMatching(/^(203\.0\.\d+\.\d+|127\.0\.0\.1)$/) });
    if (!ON_THE_POOL.includes(path)) expect(entry?.target).toMatch(/^(cap|key|dom|run|usr|ws|inv|ses|whk|whd)_[0-9A-Z]{26}$/);
    expect(entry?.actor_id === null).toBe(kind === 'operator' || kind === 'anyone');
    for (const secret of [subject.link, subject.inviteToken, subject.signer, PASSWORD, 'ss_live_', 'ss_run_', 'whsec_'])
      expect(JSON.stringify(left)).not.toContain(secret);
  });
});

test('what was refused to a key that is revoked, and to a password that is wrong, is there without the key and the name', async () => {
  const before = await entryIds();
  const key = await bed.first.makeKey(SCOPES);
  await bed.api.sql('update api_key set revoked_at = now() where hint = $1', [key.slice(8, 16)]);
  expect((await bed.api.call('/api/captures', { key })).status).toBe(401);
  const [signIn] = mutations.filter(({ path }) => path === 'auth.signIn');
  if (!signIn) throw new Error('there is no auth.signIn');
  const typed = { email: 'my-password-typed-into-the-wrong-field', password: 'wrong wrong wrong' };
  expect((await callByConsole(bed.api, signIn, typed, {})).code).toBe('not_signed_in');
  const left = (await entries()).filter(({ id, outcome }) => !before.has(String(id)) && outcome === 'refused');
  expect(left).toMatchObject([
    { action: 'key.use', actor_kind: 'apiKey', detail: 'revoked', workspace_id: bed.first.workspaceId },
    { action: 'session.open', actor_kind: 'anyone', actor_id: null, detail: 'password' },
  ]);
  for (const secret of [key, typed.email, typed.password]) expect(JSON.stringify(left)).not.toContain(secret);
});

test('after all that the chain is whole', async () => {
  const [verify] = listProcedures().filter(({ path }) => path === 'audit.verify');
  if (!verify) throw new Error('there is no audit.verify');
  const { text } = await callByOperator(bed.api, verify, {}, { 'x-sessionshot-workspace': bed.first.workspaceId });
  const { data } = JSON.parse(text);
  expect(data).toMatchObject({ broken: null, waiting: 0 });
  expect(data.checked).toBe((await entries()).length);
});

function declared(meta: unknown): AuditAction | null | undefined {
  const audit: unknown = typeof meta === 'object' && meta !== null && 'audit' in meta ? meta.audit : undefined;
  return audit === null ? null : AUDIT_ACTIONS.find((action) => action === audit);
}

/** Things to act on, in the state in which the call succeeds. */
async function prepare(path: string): Promise<Subject> {
  const subject = await bed.first.makeSubject();
  if (path === 'captures.issueLink') {
    const runner = createFakeRunner(bed.api);
    await runner.complete(await runner.claimOf(subject.capture));
  }
  if (path === 'captures.release') await bed.api.sql('update capture set held_at = now() where id = $1', [subject.capture]);
  // Setting up is for an instance that nobody owns.
  if (path === 'auth.createOwner') await bed.api.sql(`update member set role = 'admin' where role = 'owner'`);
  return subject;
}

/** `input`: what to send in the place of the matrix's, by somebody for whom it goes through. */
type Caller = { kind: string; call: (input: unknown) => Promise<Heard>; input?: unknown };

/** Somebody who may, by the door that is his. */
async function callerOf(path: string, procedure: Procedure): Promise<Caller> {
  const access = PROCEDURES[path]?.access;
  const own = OWN_THINGS[path];
  const account = own && (await makeAccount(bed.api, bed.first.workspaceId, own.stage));
  const input = account && own.input(account);
  if (access === 'operator') {
    const headers = { 'x-sessionshot-workspace': bed.first.workspaceId };
    return { kind: 'operator', call: (sent) => callByOperator(bed.api, procedure, sent, headers), input };
  }
  if (account) return { kind: 'user', call: (sent) => callByConsole(bed.api, procedure, sent, { cookie: account.cookie }), input };
  if (access === 'anyone' || access === 'user' || access === 'admin') {
    const cookie = await bed.first.signIn('admin');
    const kind = ['auth.createOwner', 'keys.revokeLeaked'].includes(path) ? 'anyone' : 'user';
    return { kind, call: (input) => callByConsole(bed.api, procedure, input, { cookie }) };
  }
  const key = await bed.first.makeKey(SCOPES);
  return { kind: 'apiKey', call: (input) => callByKey(bed.api, procedure, input, key) };
}

/** What people do with their own account: it takes one in the right state. */
const OWN_THINGS: Record<string, { stage: Stage; input: (account: Account) => unknown }> = {
  'totp.enrol': { stage: 'password', input: () => ({ password: PASSWORD }) },
  'totp.confirm': { stage: 'enrolled', input: ({ code }) => ({ code }) },
  'totp.renewRecoveryCodes': { stage: 'protected', input: ({ code }) => ({ password: PASSWORD, code }) },
  'totp.remove': { stage: 'protected', input: ({ code }) => ({ password: PASSWORD, code }) },
  'totp.reset': { stage: 'protected', input: ({ email }) => ({ email }) },
  'sessions.end': { stage: 'password', input: ({ session }) => ({ id: session }) },
};

async function entries(): Promise<Record<string, unknown>[]> {
  return await bed.api.sql('select * from audit_event order by at, action');
}

async function entryIds(): Promise<Set<string>> {
  return new Set((await entries()).map(({ id }) => String(id)));
}
