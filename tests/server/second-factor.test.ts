import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confirmTotp, enrolTotp, readTotp, removeTotp, renewRecoveryCodes, resetTotp } from '#server/domain/access/enrol-totp.ts';
import { acceptInvite, createInvite } from '#server/domain/access/invites.ts';
import { listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { createSignInLink, readSession, signInWithLink, signInWithPassword } from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import { createVault } from '#server/domain/access/vault.ts';
import type { Deps } from '#server/domain/deps.ts';
import { LIMITS } from '#shared/limits.ts';
import { secret } from '#shared/secret.ts';
import { codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';
import { createPeople, PASSWORD, type People, STEP_MS } from './people.ts';

let bed: DomainBed;
let people: People;
let deps: Deps;

beforeAll(async () => {
  bed = await createDomainBed();
  people = await createPeople(bed);
  deps = people.deps;
});
afterAll(() => bed?.close());

/** `ok`, or the code of the refusal. */
const outcomeOf = async (call: Promise<unknown>) =>
  await call.then(
    () => 'ok',
    () => codeOf(call),
  );

describe('setting an authenticator app up', () => {
  test('it counts when its first code was given, and not before', async () => {
    const person = await people.make();
    const { secret: base32, uri } = await enrolTotp(deps, person.actor, { password: PASSWORD });
    expect(TOTP_URI.exec(uri)?.groups).toMatchObject({ label: encodeURIComponent(person.email), secret: base32 });
    expect(base32).toMatch(/^[A-Z2-7]{32}$/); // 160 bits
    await people.signIn(person);
    expect(await readTotp(deps, person.actor)).toMatchObject({ isOn: false, recoveryCodesLeft: 0 });
    expect(await codeOf(confirmTotp(deps, person.actor, people.wrongCode(base32)))).toBe('invalid_request');
    const { recoveryCodes } = await confirmTotp(deps, person.actor, people.codeOf(base32));
    expect(new Set(recoveryCodes).size).toBe(LIMITS.recoveryCodes);
    for (const code of recoveryCodes) expect(code).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    expect(await readTotp(deps, person.actor)).toMatchObject({
      isOn: true,
      onSince: new Date(people.now()).toISOString(),
      recoveryCodesLeft: 10,
    });
    expect(await codeOf(people.signIn(person))).toBe('second_factor_needed');
  });

  test('it asks for the password, which there must be, and there is one app at most', async () => {
    const person = await people.make();
    expect(await codeOf(enrolTotp(deps, person.actor, { password: 'not this one at all' }))).toBe('forbidden');
    const first = await enrolTotp(deps, person.actor, { password: PASSWORD });
    const second = await enrolTotp(deps, person.actor, { password: PASSWORD });
    expect(await codeOf(confirmTotp(deps, person.actor, people.codeOf(first.secret)))).toBe('invalid_request');
    await confirmTotp(deps, person.actor, people.codeOf(second.secret));
    expect(await codeOf(enrolTotp(deps, person.actor, { password: PASSWORD }))).toBe('conflict');
    expect(await codeOf(confirmTotp(deps, person.actor, people.codeOf(second.secret)))).toBe('conflict');
    await bed.sql('update app_user set password_hash = null where id = $1', [person.actor.userId]);
    expect(await codeOf(enrolTotp(deps, person.actor, { password: PASSWORD }))).toBe('conflict');
  });

  test('a secret that was shown long ago no longer waits', async () => {
    const person = await people.make();
    const { secret: base32 } = await enrolTotp(deps, person.actor, { password: PASSWORD });
    people.pass(LIMITS.totpPendingMs);
    expect(await codeOf(confirmTotp(deps, person.actor, people.codeOf(base32)))).toBe('conflict');
  });

  test('the person’s other sessions end: they were opened without a code', async () => {
    const person = await people.make();
    const elsewhere = await people.signIn(person);
    const { secret: base32 } = await enrolTotp(deps, person.actor, { password: PASSWORD });
    await readSession(deps, elsewhere.token);
    await confirmTotp(deps, person.actor, people.codeOf(base32));
    expect(await codeOf(readSession(deps, elsewhere.token))).toBe('not_signed_in');
    expect((await listOwnSessions(deps, person.actor)).map(({ isCurrent }) => isCurrent)).toEqual([true]);
  });

  test('a server without a key of its own says what its operator has to do', async () => {
    const person = await people.make();
    await expect(enrolTotp({ ...deps, vault: null }, person.actor, { password: PASSWORD })).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('SESSIONSHOT_SECRET_KEY_FILE'),
    });
  });
});

describe('signing in with a code', () => {
  test('codes of the step before, now and after pass, older and later ones do not', async () => {
    for (const [steps, heard] of [
      [-2, 'second_factor_needed'],
      [-1, 'ok'],
      [0, 'ok'],
      [1, 'ok'],
      [2, 'second_factor_needed'],
    ] as const) {
      const person = await people.makeProtected();
      expect([steps, await outcomeOf(people.signIn(person, people.codeOf(person.base32, steps)))]).toEqual([steps, heard]);
    }
  });

  test('a code is good for once, and so is every earlier one', async () => {
    const person = await people.makeProtected();
    const code = people.codeOf(person.base32);
    await people.signIn(person, `${code.slice(0, 3)} ${code.slice(3)}`);
    expect(await codeOf(people.signIn(person, code))).toBe('second_factor_needed');
    expect(await codeOf(people.signIn(person, people.codeOf(person.base32, -1)))).toBe('second_factor_needed');
    await people.signIn(person, people.codeOf(person.base32, 1));
  });

  test('of many calls with one code at the same moment one passes', async () => {
    const person = await people.makeProtected();
    const code = people.codeOf(person.base32);
    const heard = await Promise.all([1, 2, 3, 4].map(() => outcomeOf(people.signIn(person, code))));
    expect(heard.filter((one) => one === 'ok')).toHaveLength(1);
  });

  test('the code that confirmed the app does not sign in as well', async () => {
    const person = await people.make();
    const { secret: base32 } = await enrolTotp(deps, person.actor, { password: PASSWORD });
    await confirmTotp(deps, person.actor, people.codeOf(base32));
    expect(await codeOf(people.signIn(person, people.codeOf(base32)))).toBe('second_factor_needed');
  });

  test('a right code does not help a wrong password, and is not used up by it', async () => {
    const person = await people.makeProtected();
    const code = people.codeOf(person.base32);
    expect(await codeOf(signInWithPassword(deps, { email: person.email, password: 'wrong wrong wrong', code }))).toBe('not_signed_in');
    await people.signIn(person, code);
  });

  test('after five wrong codes the account waits, from wherever they came, and a right one is refused too', async () => {
    const person = await people.makeProtected();
    const wrong = people.wrongCode(person.base32);
    const tries = await Promise.all(
      Array.from({ length: LIMITS.codeTriesMax }, (_, i) => codeOf(people.signIn(person, wrong, `203.0.113.${i}`))),
    );
    expect(new Set(tries)).toEqual(new Set(['second_factor_needed']));
    const late = people.signIn(person, people.codeOf(person.base32), '198.51.100.1');
    await expect(late).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: LIMITS.codeTriesMs / 1000 });
    expect(await codeOf(people.signIn(person, person.recoveryCodes[0]))).toBe('rate_limited');
    people.pass(LIMITS.codeTriesMs);
    await people.signIn(person, people.codeOf(person.base32));
    // A code that passed begins the count anew.
    for (let i = 1; i < LIMITS.codeTriesMax; i++) expect(await codeOf(people.signIn(person, wrong))).toBe('second_factor_needed');
    people.pass(2 * STEP_MS);
    await people.signIn(person, people.codeOf(person.base32));
    expect(await codeOf(people.signIn(person, wrong))).toBe('second_factor_needed');
    expect((await people.auditOf(person)).filter(({ outcome }) => outcome === 'refused').map(({ detail }) => detail)).toEqual(
      expect.arrayContaining(['code', 'too many codes']),
    );
  });

  test('an invite into another workspace asks for it too, and is not used up without it', async () => {
    const person = await people.makeProtected();
    const other = await bed.addWorkspace();
    const inviter = { ...bed.operator, workspaceId: other.workspaceId };
    const { token } = await createInvite(deps, inviter, { email: person.email, role: 'viewer' });
    expect(await codeOf(acceptInvite(deps, { token, password: PASSWORD }))).toBe('second_factor_needed');
    const session = await acceptInvite(deps, { token, password: PASSWORD, code: people.codeOf(person.base32) });
    expect(await people.actorOf(session)).toMatchObject({ workspaceId: other.workspaceId, role: 'viewer' });
  });

  test('a one-time link of the operator asks for no code: it is the way back in', async () => {
    const person = await people.makeProtected();
    const link = await createSignInLink(deps, person.actor.userId);
    expect(await people.actorOf(await signInWithLink(deps, link.token))).toMatchObject({ userId: person.actor.userId });
  });
});

describe('recovery codes', () => {
  test('each signs in once, in any spelling, and is recorded', async () => {
    const person = await people.makeProtected();
    const [first = '', second = ''] = person.recoveryCodes;
    await people.signIn(person, first);
    expect(await codeOf(people.signIn(person, first))).toBe('second_factor_needed');
    await people.signIn(person, ` ${second.replaceAll('-', '').toUpperCase().replaceAll('0', 'O').replaceAll('1', 'l')} `);
    expect(await readTotp(deps, person.actor)).toMatchObject({ recoveryCodesLeft: 8 });
    expect((await people.auditOf(person)).filter(({ action }) => action === 'recovery_codes.use')).toHaveLength(2);
  });

  test('one of somebody else is none', async () => {
    const [mine, theirs] = [await people.makeProtected(), await people.makeProtected()];
    expect(await codeOf(people.signIn(mine, theirs.recoveryCodes[0]))).toBe('second_factor_needed');
    await people.signIn(theirs, theirs.recoveryCodes[0]);
  });

  test('of two calls with one at the same moment one passes', async () => {
    const person = await people.makeProtected();
    const heard = await Promise.all([1, 2].map(() => outcomeOf(people.signIn(person, person.recoveryCodes[0]))));
    expect(heard.toSorted()).toEqual(['ok', 'second_factor_needed']);
  });

  test('new ones make the old ones void, and cost both factors', async () => {
    const person = await people.makeProtected();
    expect(await codeOf(renewRecoveryCodes(deps, person.actor, { password: PASSWORD, code: people.wrongCode(person.base32) }))).toBe(
      'second_factor_needed',
    );
    const code = people.codeOf(person.base32);
    expect(await codeOf(renewRecoveryCodes(deps, person.actor, { password: 'wrong wrong wrong', code }))).toBe('forbidden');
    const renewed = await renewRecoveryCodes(deps, person.actor, { password: PASSWORD, code });
    expect(await codeOf(people.signIn(person, person.recoveryCodes[0]))).toBe('second_factor_needed');
    await people.signIn(person, renewed.recoveryCodes[0]);
  });
});

test('with an app, another password or address costs a code', async () => {
  const person = await people.makeProtected();
  const next = { email: `new-${person.email}`, password: 'another long sentence', current: PASSWORD };
  expect(await codeOf(setPassword(deps, person.actor, next))).toBe('second_factor_needed');
  expect(await codeOf(setPassword(deps, person.actor, { ...next, code: people.wrongCode(person.base32) }))).toBe('second_factor_needed');
  await people.signIn(person, person.recoveryCodes[0]);
  await setPassword(deps, person.actor, { ...next, code: people.codeOf(person.base32) });
  const { email, password } = next;
  expect(await codeOf(signInWithPassword(deps, { email, password }))).toBe('second_factor_needed');
  await signInWithPassword(deps, { email, password, code: person.recoveryCodes[1] });
});

describe('taking it away', () => {
  test('costs password and code, and signing in is by password alone again', async () => {
    const person = await people.makeProtected();
    const code = people.codeOf(person.base32);
    expect(await codeOf(removeTotp(deps, person.actor, { password: 'wrong wrong wrong', code }))).toBe('forbidden');
    expect(await codeOf(removeTotp(deps, person.actor, { password: PASSWORD, code: people.wrongCode(person.base32) }))).toBe(
      'second_factor_needed',
    );
    expect(await readTotp(deps, person.actor)).toMatchObject({ isOn: true });
    await removeTotp(deps, person.actor, { password: PASSWORD, code });
    expect(await readTotp(deps, person.actor)).toMatchObject({ isOn: false, recoveryCodesLeft: 0 });
    await people.signIn(person);
    expect(await codeOf(removeTotp(deps, person.actor, { password: PASSWORD, code }))).toBe('conflict');
    expect((await people.auditOf(person)).filter(({ outcome }) => outcome === 'ok').map(({ action }) => action)).toEqual([
      'session.open',
      'totp.enrol',
      'totp.confirm',
      'totp.remove',
      'session.open',
    ]);
  });

  test('the operator takes it from somebody who lost everything', async () => {
    const person = await people.makeProtected();
    await resetTotp(deps, bed.operator, ` ${person.email.toUpperCase()}`);
    await people.signIn(person);
    expect(await codeOf(resetTotp(deps, bed.operator, person.email))).toBe('not_found');
  });
});

describe('what the database holds', () => {
  test('no secret and no recovery code in clear, and what is sealed for one user does not open for another', async () => {
    const [one, two] = [await people.makeProtected(), await people.makeProtected()];
    const dump = JSON.stringify([
      await bed.sql('select * from totp'),
      await bed.sql('select * from recovery_code'),
      await bed.sql('select * from audit_event'),
    ]);
    expect(dump).toContain(one.actor.userId);
    const hex = Buffer.from(new TOTP({ secret: one.base32 }).secret.bytes).toString('hex');
    for (const value of [one.base32, hex, ...one.recoveryCodes, ...one.recoveryCodes.map((code) => code.replaceAll('-', ''))])
      expect(dump).not.toContain(value);
    await bed.sql('update totp set sealed_secret = (select sealed_secret from totp where user_id = $1) where user_id = $2', [
      one.actor.userId,
      two.actor.userId,
    ]);
    expect(await codeOf(people.signIn(two, people.codeOf(one.base32)))).toBe('unavailable');
  });

  test('with another key apps no longer work, and recovery codes still do', async () => {
    const person = await people.makeProtected();
    const moved = { ...deps, vault: createVault([secret(new Uint8Array(randomBytes(32)))]) };
    const again = (code?: string) => signInWithPassword(moved, { email: person.email, password: PASSWORD, code });
    expect(await codeOf(again(people.codeOf(person.base32)))).toBe('unavailable');
    await again(person.recoveryCodes[0]);
  });
});

const TOTP_URI =
  /^otpauth:\/\/totp\/SessionShot:(?<label>[^?]+)\?issuer=SessionShot&secret=(?<secret>[A-Z2-7]+)&algorithm=SHA1&digits=6&period=30$/;
