import { expect, test } from 'vitest';
import { createSessions, randomUserName } from './sessions.ts';

test('cookie and token are both needed, and of the same session', () => {
  const sessions = createSessions();
  const [ada, mira] = [sessions.create('Ada'), sessions.create('Mira')];
  expect(sessions.byBoth(ada.cookie, ada.token)?.user).toBe('Ada');
  expect(sessions.byBoth(ada.cookie, mira.token)).toBeUndefined();
  expect(sessions.byBoth(ada.cookie, undefined)).toBeUndefined();
  expect(sessions.byBoth(undefined, ada.token)).toBeUndefined();
  expect(sessions.byCookie(`x${ada.cookie.slice(1)}x`)).toBeUndefined();
  sessions.end(ada);
  expect(sessions.byCookie(ada.cookie)).toBeUndefined();
});

test('every start has a user name of its own', () => {
  const names = new Set(Array.from({ length: 200 }, randomUserName));
  expect(names.size).toBe(200);
  for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+-[2-9A-Z]{4}$/);
});
