import { TOTP } from 'otpauth';
import { Member, User } from '#server/db/access.entities.ts';
import type { UserActor } from '#server/domain/access/actor.ts';
import { confirmTotp, enrolTotp } from '#server/domain/access/enrol-totp.ts';
import { hashPassword } from '#server/domain/access/passwords.ts';
import { type IssuedToken, readSession, signInWithPassword } from '#server/domain/access/sessions.ts';
import type { Deps } from '#server/domain/deps.ts';
import { makeId } from '#shared/ids.ts';
import type { DomainBed } from './domain-bed.ts';

export const PASSWORD = 'correct horse battery staple';
export const STEP_MS = 30_000;

export type Person = { email: string; actor: UserActor };
export type Protected = Person & { base32: string; recoveryCodes: string[] };

/** People who sign in by password and app, by a clock that stands still until a test moves it. */
export type People = {
  deps: Deps;
  now(): number;
  pass(ms: number): void;
  /** Somebody with a password, signed in by it. */
  make(): Promise<Person>;
  /** Somebody with an authenticator app. The clock has moved on, so that its code of now was not given yet. */
  makeProtected(): Promise<Protected>;
  signIn(person: Person, code?: string, address?: string): Promise<IssuedToken>;
  actorOf(session: { token: string }): Promise<UserActor>;
  /** The code of an app, some steps from now. */
  codeOf(base32: string, steps?: number): string;
  /** A code that the app shows neither now nor near to it. */
  wrongCode(base32: string): string;
  auditOf(person: Person): Promise<{ action: string; outcome: string; detail: string | null }[]>;
};

export async function createPeople(bed: DomainBed): Promise<People> {
  let now = Date.UTC(2026, 10, 25, 12, 0, 0);
  const passwordHash = await hashPassword(PASSWORD, 'person@example.com');
  const deps: Deps = { ...bed.deps, clock: { now: () => new Date(now) } };
  const people: People = {
    deps,
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    make: async () => {
      const id = makeId('user');
      const email = `${id.toLowerCase()}@example.com`;
      await bed.deps.db.acrossWorkspaces().transactional(async (em) => {
        await em.insert(User, { id, name: 'P', email, passwordHash, createdAt: new Date(now) });
        await em.insert(Member, { workspace: bed.operator.workspaceId, user: id, role: 'developer', createdAt: new Date(now) });
      });
      return { email, actor: await people.actorOf(await signInWithPassword(deps, { email, password: PASSWORD })) };
    },
    makeProtected: async () => {
      const person = await people.make();
      const { secret: base32 } = await enrolTotp(deps, person.actor, { password: PASSWORD });
      const { recoveryCodes } = await confirmTotp(deps, person.actor, people.codeOf(base32));
      people.pass(3 * STEP_MS);
      return { ...person, base32, recoveryCodes };
    },
    signIn: ({ email }, code, address) => signInWithPassword(deps, { email, password: PASSWORD, code, address }),
    actorOf: ({ token }) => readSession(deps, token),
    codeOf: (base32, steps = 0) => new TOTP({ secret: base32 }).generate({ timestamp: now + steps * STEP_MS }),
    wrongCode: (base32) => {
      const near = [-2, -1, 0, 1, 2].map((steps) => people.codeOf(base32, steps));
      const wrong = ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code));
      if (wrong === undefined) throw new Error('every code is right');
      return wrong;
    },
    auditOf: (person) =>
      bed.sql('select action, outcome, detail from audit_event where target = $1 or actor_id = $1 order by id', [person.actor.userId]),
  };
  return people;
}
