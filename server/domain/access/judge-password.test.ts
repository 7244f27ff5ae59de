import { expect, test } from 'vitest';
import { isEasyToGuess } from './judge-password.ts';

const EMAIL = 'olga.petersen@acme-tools.example';

// Each has twelve characters or more, so that length alone would let it in.
const EASY = [
  'password1234',
  'Password1234!',
  'P@ssw0rd1234',
  'passwordpassword',
  '4321drowssap',
  'iloveyou1234',
  'welcome12345',
  'qwertyuiop12',
  '1qaz2wsx3edc',
  '123456789012',
  'aaaaaaaaaaaa',
  'abcabcabcabc',
  'abcdefghijkl',
  'sunshine20261130',
  'sessionshot1',
  'SessionShot2026!',
  's3ss10nsh0t!!',
  'welcome2sessionshot',
  EMAIL,
  'Olga.Petersen',
  'olgapetersen1',
  'acme-tools-1',
  'petersen2026!',
  'a'.repeat(72),
];

const HARD = [
  'correct horse battery',
  'correct-horse-battery-staple',
  // Made of easy words, and all the same no guess of anybody.
  'my password is 1234 purple cows',
  'sessionshot runs in our cellar',
  'olga eats seven herrings',
  'the cat sat on the mat',
  // Of one kind of characters: nothing is asked of its composition.
  'kvwzjqhxgbtm',
  '839174620583',
  'kJ8#nq2LmZ0p',
  'пять зелёных слонов',
  '正しい馬の電池は十二',
  'ゆきがしんしんとふるよる',
];

test.each(EASY)('%s is among the first guesses', async (password) => {
  expect(await isEasyToGuess(password, EMAIL)).toBe(true);
});

test.each(HARD)('%s is not', async (password) => {
  expect(await isEasyToGuess(password, EMAIL)).toBe(false);
});

test('a name is easy for its own account alone', async () => {
  expect(await isEasyToGuess('olgapetersen1', 'somebody@else.example')).toBe(false);
});
