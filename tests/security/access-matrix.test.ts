import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Access } from '#server/api/procedures.ts';
import type { Role } from '#server/domain/access/actor.ts';
import { SCOPES, type Scope } from '#shared/scopes.ts';
import { OPERATOR_TOKEN } from '../api/api-bed.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';
import { callByConsole, callByKey, callByOperator, type Heard, listProcedures, type Procedure } from './call-procedure.ts';
import { PROCEDURES, type ProcedureCase, type Subject } from './cases/procedures.ts';
import { unknownOf, withoutIds } from './unknown-ids.ts';

/**
 * Row 3 of the security model: scope × procedure × workspace. The rows are the router's own; every cell is what the
 * procedure declares, worked out here from the words of `Access` and not by the guard that enforces them.
 */
const ROLES: readonly Role[] = ['owner', 'admin', 'developer', 'viewer'];
const KEYS: readonly (readonly Scope[])[] = [...SCOPES.map((scope) => [scope]), SCOPES];

let bed: AccessBed;
/** Things that only refused calls name, and that are there to the end. */
let standing: Subject;
let forgetOthers: () => Promise<void>;
beforeAll(async () => {
  bed = await createAccessBed();
  standing = await bed.first.makeSubject();
  forgetOthers = await bed.keepWhatIs();
});
beforeEach(() => forgetOthers());
afterAll(() => bed?.close());

test('every procedure declares whom it is for, and the matrix knows it', () => {
  const declared = Object.fromEntries(listProcedures().map(({ path, meta }) => [path, accessOf(meta)]));
  expect(declared).toEqual(Object.fromEntries(Object.entries(PROCEDURES).map(([path, { access }]) => [path, access])));
});

describe.each(listProcedures().map((procedure): [string, Procedure] => [procedure.path, procedure]))('%s', (path, procedure) => {
  const rule: ProcedureCase = PROCEDURES[path] ?? { access: 'operator' };
  const { access } = rule;

  test('by the console: nobody without a session, and each role what it may', async () => {
    const strangers: Record<string, string>[] = [
      {},
      { cookie: 'ss_session=made-up' },
      { authorization: `Bearer ${bed.api.runnerToken}` },
      { authorization: `Bearer ${OPERATOR_TOKEN}` },
    ];
    for (const scopes of KEYS) strangers.push({ authorization: `Bearer ${await bed.first.makeKey(scopes)}` });
    for (const headers of strangers) {
      const expected = access === 'anyone' ? admitted(rule) : 'not_signed_in';
      expect([headers, await cell(rule, (input) => callByConsole(bed.api, procedure, input, headers), expected)]).toEqual([
        headers,
        expected,
      ]);
    }
    for (const role of ROLES) {
      const expected = roleCell(access, role) ?? admitted(rule);
      const cookie = await bed.first.signIn(role);
      expect([role, await cell(rule, (input) => callByConsole(bed.api, procedure, input, { cookie }), expected)]).toEqual([role, expected]);
    }
  });

  test('by an API key: what its scopes say', async () => {
    for (const scopes of KEYS) {
      const expected = keyCell(access, scopes) ?? rule.operator ?? admitted(rule);
      const key = await bed.first.makeKey(scopes);
      expect([scopes, await cell(rule, (input) => callByKey(bed.api, procedure, input, key), expected)]).toEqual([scopes, expected]);
    }
  });

  test('by the operator, and by nobody else at that door', async () => {
    const expected = procedure.type === 'subscription' ? 'not_found' : access === 'user' ? 'forbidden' : (rule.operator ?? admitted(rule));
    const workspace = { 'x-sessionshot-workspace': bed.first.workspaceId };
    expect(await cell(rule, (input) => callByOperator(bed.api, procedure, input, workspace), expected)).toBe(expected);
    const others = [bed.api.runnerToken, await bed.first.makeKey(SCOPES), `${OPERATOR_TOKEN}x`, ''];
    for (const token of others) {
      const headers = { ...workspace, authorization: `Bearer ${token}`, cookie: await bed.first.signIn('owner') };
      expect(await cell(rule, (input) => callByOperator(bed.api, procedure, input, headers), 'forbidden')).toBe('forbidden');
    }
  });

  test('from another workspace: what is here does not exist, and nothing of it is told or changed', async () => {
    const subject = await bed.first.makeSubject();
    const unknown = unknownOf(subject);
    const before = await bed.first.picture();
    const callers: [string, string, (input: unknown) => Promise<Heard>][] = [];
    for (const role of ROLES) {
      const cookie = await bed.second.signIn(role);
      callers.push([role, roleCell(access, role) ?? admitted(rule), (input) => callByConsole(bed.api, procedure, input, { cookie })]);
    }
    const key = await bed.second.makeKey(SCOPES);
    callers.push(['key', keyCell(access, SCOPES) ?? rule.operator ?? admitted(rule), (input) => callByKey(bed.api, procedure, input, key)]);
    if (access !== 'operator') {
      const headers = { 'x-sessionshot-workspace': bed.second.workspaceId };
      const heard = access === 'user' ? 'forbidden' : (rule.operator ?? admitted(rule));
      if (procedure.type !== 'subscription')
        callers.push(['operator', heard, (input) => callByOperator(bed.api, procedure, input, headers)]);
    }
    for (const [who, own, call] of callers) {
      const refused = ['forbidden', 'insufficient_scope'].includes(own);
      const expected = rule.names && !refused ? 'not_found' : own;
      const heard = await call(
        rule.input?.(
          {
            ...subject,
            link: await bed.second.makeLink(),
            inviteToken: (await bed.second.makeInvite()).token,
            keyText: await bed.second.makeKey(SCOPES),
          },
          bed.unique(),
        ),
      );
      expect([who, heard.code]).toEqual([who, expected]);
      const { capture, key: keyId, domain, workspace, member, invite, session, webhook, delivery } = subject;
      for (const id of [capture, keyId, domain, workspace, member, invite, session, webhook, delivery])
        expect(heard.text).not.toContain(id);
      if (rule.names) expect(withoutIds(heard.text)).toBe(withoutIds((await call(rule.input?.(unknown, bed.unique()))).text));
    }
    expect(await bed.first.picture()).toEqual(before);
  });
});

/** One cell: what is allowed has things of its own to act on; a refusal comes with the proof that nothing was done. */
async function cell(rule: ProcedureCase, call: (input: unknown) => Promise<Heard>, expected: string): Promise<string> {
  if (expected === 'ok') return (await call(rule.input?.(await bed.first.makeSubject(), bed.unique()))).code;
  const subject = { ...standing, link: await bed.first.makeLink(), inviteToken: (await bed.first.makeInvite()).token };
  const before = await bed.first.picture();
  const heard = await call(rule.input?.(subject, bed.unique()));
  expect(await bed.first.picture()).toEqual(before);
  return heard.code;
}

function accessOf(meta: unknown): unknown {
  return typeof meta === 'object' && meta !== null && 'access' in meta ? meta.access : undefined;
}

function admitted({ answers }: ProcedureCase): string {
  return answers ?? 'ok';
}

/** What a member with this role is refused with; null for what is allowed. */
function roleCell(access: Access, role: Role): string | null {
  if (access === 'anyone' || access === 'member' || access === 'user') return null;
  if (access === 'operator') return 'forbidden';
  if (access === 'admin') return role === 'owner' || role === 'admin' ? null : 'forbidden';
  return role !== 'viewer' || access === 'captures:read' ? null : 'insufficient_scope';
}

/** What a key with these scopes is refused with; null for what is allowed. */
function keyCell(access: Access, scopes: readonly Scope[]): string | null {
  if (access === 'anyone' || access === 'member') return null;
  if (access === 'user' || access === 'operator' || access === 'admin') return 'forbidden';
  return scopes.includes(access) ? null : 'insufficient_scope';
}
