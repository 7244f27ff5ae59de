import { expect, it } from 'vitest';
import { OTHER_PURPOSE_WORDS, SIGN_IN_WORDS, SIGN_OUT_WORDS } from './sign-in-words.ts';

const says = (pattern: string, text: string) => new RegExp(pattern, 'i').test(text);
const MARKS = [...' .!?:…،؟؛۔־׃·・、。！？’»—()7٣۳', '\u0301', '\u200f', '\u00a0', '😀'];

it.each([
  ['sign in', SIGN_IN_WORDS, ['Anmelden', 'Σύνδεση', 'Войти', 'تسجيل الدخول', 'כניסה', 'Přihlásit', 'Đăng nhập', 'Giriş yap']],
  ['sign out', SIGN_OUT_WORDS, ['Abmelden', 'Выйти', 'تسجيل الخروج', 'התנתק', 'Çıkış']],
  ['something else', OTHER_PURPOSE_WORDS, ['Save', 'Öffnen', '保存']],
])('a word that says %s ends at any mark, and not within another word', (_name, pattern, words) => {
  const unsaid = words.flatMap((word) => MARKS.filter((mark) => !says(pattern, `${word}${mark}`)).map((mark) => `${word}${mark}`));
  expect(unsaid).toEqual([]);
  const said = words.flatMap((word) =>
    [...'aéжωبשア々ー'].filter((letter) => says(pattern, `${word}${letter}`)).map((letter) => word + letter),
  );
  expect(said).toEqual([]);
});
