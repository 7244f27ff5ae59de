import { afterAll, beforeAll, expect, test } from 'vitest';
import { endOtherSessions, endSession, listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { readSession } from '#server/domain/access/sessions.ts';
import type { Deps } from '#server/domain/deps.ts';
import { makeId } from '#shared/ids.ts';
import { codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';
import { createPeople, type People } from './people.ts';

let bed: DomainBed;
let people: People;
let deps: Deps;

beforeAll(async () => {
  bed = await createDomainBed();
  people = await createPeople(bed);
  deps = people.deps;
});
afterAll(() => bed?.close());

test('sessions are listed with how and whence, and end at once', async () => {
  const person = await people.make();
  people.pass(1000);
  const phone = await people.signIn(person, undefined, '203.0.113.7');
  const [newest, first] = await listOwnSessions(deps, person.actor);
  expect([newest?.isCurrent, newest?.way, newest?.address]).toEqual([false, 'password', '203.0.113.7']);
  expect(first).toMatchObject({ isCurrent: true, workspace: 'first' });
  expect(JSON.stringify([newest, first])).not.toContain(person.actor.sessionHash);
  const stranger = await people.make();
  expect(await codeOf(endSession(deps, stranger.actor, newest?.id ?? ''))).toBe('not_found');
  expect(await codeOf(endSession(deps, person.actor, makeId('session')))).toBe('not_found');
  await readSession(deps, phone.token);
  expect(await endSession(deps, person.actor, newest?.id ?? '')).toMatchObject({ isCurrent: false });
  expect(await codeOf(readSession(deps, phone.token))).toBe('not_signed_in');
  await readSession(deps, (await people.signIn(person)).token);
  const third = await people.signIn(person);
  expect(await endOtherSessions(deps, person.actor)).toEqual({ ended: 2 });
  expect(await codeOf(readSession(deps, third.token))).toBe('not_signed_in');
  expect(await listOwnSessions(deps, person.actor)).toHaveLength(1);
  expect(await listOwnSessions(deps, stranger.actor)).toHaveLength(1);
});
