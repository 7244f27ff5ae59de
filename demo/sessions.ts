import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** A signed-in visitor. Both halves are needed: the cookie serves the page, the token its data. */
export type DemoSession = { cookie: string; token: string; user: string };
export type DemoSessions = {
  /** Starts a session for a user. At most 100 live at a time: the oldest ends. */
  create(user: string): DemoSession;
  byCookie(cookie: string | undefined): DemoSession | undefined;
  /** The session whose cookie and token both fit, and to each other. */
  byBoth(cookie: string | undefined, token: string | undefined): DemoSession | undefined;
  end(session: DemoSession): void;
};

const SESSIONS_MAX = 100;

const storedSchema = z.array(z.object({ cookie: z.string(), token: z.string(), user: z.string() }));

/**
 * Keeps sessions, with a file also over restarts, as real applications do: a capture that was queued before a restart
 * is still signed in after it. The file is private to its owner.
 */
export function createSessions(file: string | null = null): DemoSessions {
  let sessions: DemoSession[] = file && existsSync(file) ? storedSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  const save = () => {
    if (!file) return;
    writeFileSync(`${file}.tmp`, JSON.stringify(sessions), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  };
  const byCookie: DemoSessions['byCookie'] = (cookie) => sessions.find((session) => same(session.cookie, cookie));
  return {
    create(user) {
      const session = { cookie: randomBytes(24).toString('base64url'), token: `lk_${randomBytes(24).toString('base64url')}`, user };
      sessions = [...sessions, session].slice(-SESSIONS_MAX);
      save();
      return session;
    },
    byCookie,
    byBoth(cookie, token) {
      const session = byCookie(cookie);
      return session && same(session.token, token) ? session : undefined;
    },
    end(session) {
      sessions = sessions.filter((other) => other !== session);
      save();
    },
  };
}

function same(known: string, given: string | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(known), digest(given));
}

const FIRST = ['Ada', 'Grace', 'Mira', 'Jonas', 'Leila', 'Tomas', 'Ines', 'Kofi', 'Noor', 'Elin', 'Rafael', 'Sanna'];
const LAST = ['Novak', 'Okafor', 'Lindqvist', 'Marchetti', 'Haddad', 'Brandt', 'Sato', 'Moreau', 'Kowalska', 'Reyes', 'Aalto', 'Dunne'];

/** A name that no earlier start had, such as `Ada Novak-7F3K`: seeing it in a picture proves whose session was used. */
export function randomUserName(): string {
  const [first = 0, last = 0, ...rest] = crypto.getRandomValues(new Uint8Array(6));
  const code = rest.map((byte) => '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'.charAt(byte % 32)).join('');
  return `${FIRST[first % FIRST.length]} ${LAST[last % LAST.length]}-${code}`;
}

/** The session as a Playwright `storageState` document for an origin on `localhost`. */
export function toStorageState(session: DemoSession, origin: string) {
  const cookie = { name: COOKIE, value: session.cookie, domain: 'localhost', path: '/', expires: -1, httpOnly: true, secure: true };
  return {
    cookies: [{ ...cookie, sameSite: 'Lax' as const }],
    origins: [{ origin, localStorage: [{ name: TOKEN_ITEM, value: session.token }] }],
  };
}

export const COOKIE = 'larkspur_session';
export const TOKEN_ITEM = 'larkspur.token';
