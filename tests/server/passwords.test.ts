import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptInvite, createInvite } from '#server/domain/access/invites.ts';
import { createOwner, createSignInLink, readMe, signInWithLink, signInWithPassword } from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import { LIMITS } from '#shared/limits.ts';
import { createDomainBed, type DomainBed } from './domain-bed.ts';
import { createPeople, PASSWORD, type People } from './people.ts';

let bed: DomainBed;
let people: People;
beforeAll(async () => {
  bed = await createDomainBed();
  people = await createPeople(bed);
});
afterAll(() => bed?.close());

test('a password that is easy to guess is refused at the set-up, in the account and with an invite', async () => {
  const { deps } = people;
  const { actor } = await people.make();
  const email = 'new.person@example.com';
  const { token } = await createInvite(deps, bed.operator, { email, role: 'viewer' });
  for (const password of ['password1234', 'newperson2026', 'SessionShot1']) {
    const outcomes = await Promise.allSettled([
      setPassword(deps, actor, { email, password, current: PASSWORD }),
      acceptInvite(deps, { token, name: 'N', password }),
      createOwner(deps, { name: 'O', email, password, workspaceName: 'w' }),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { code: 'invalid_request', errors: [{ path: 'password', message: expect.stringContaining('easy to guess') }] },
      });
  }
  // The invite is still good, and the sentence passes.
  await acceptInvite(deps, { token, name: 'N', password: 'three herrings on a bicycle' });
});

test('who has an easy password from before still signs in with it', async () => {
  const person = await people.make();
  // bcrypt of `password1234`, as an earlier version stored it.
  await bed.sql('update app_user set password_hash = $2 where id = $1', [person.actor.userId, OLD_HASH]);
  await signInWithPassword(people.deps, { email: person.email, password: 'password1234' });
});

test('the session says how it was opened, and for how long it stands for a password that was forgotten', async () => {
  const { deps } = people;
  const person = await people.make();
  expect((await readMe(deps, person.actor)).session).toEqual({ way: 'password', freshProofUntil: null });
  const { token } = await createSignInLink(deps, person.actor.userId);
  const actor = await people.actorOf(await signInWithLink(deps, token));
  const until = new Date(people.now() + LIMITS.freshProofMs).toISOString();
  expect((await readMe(deps, actor)).session).toEqual({ way: 'link', freshProofUntil: until });
  people.pass(LIMITS.freshProofMs - 1);
  expect((await readMe(deps, actor)).session.freshProofUntil).toBe(until);
  people.pass(1);
  expect((await readMe(deps, actor)).session).toEqual({ way: 'link', freshProofUntil: null });
  const late = setPassword(deps, actor, { email: person.email, password: 'another long sentence' });
  await expect(late).rejects.toMatchObject({
    code: 'forbidden',
    errors: [{ path: 'current', message: expect.stringMatching(/^Give your current password\./) }],
  });
});

const OLD_HASH = '$2b$12$2v3wkM/Kifl.9xBhExb2ZegfpJDs1qecHI5lsFgYVfKW3pAmgQLUS';
