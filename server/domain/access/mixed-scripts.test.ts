import { expect, test } from 'vitest';
import { parseAllowedDomain } from '#shared/allowed-domain.ts';
import { warnOfMixedScripts } from './mixed-scripts.ts';

const warningOf = (typed: string) => {
  const parsed = parseAllowedDomain(typed);
  if (!parsed.ok) throw new Error(parsed.message);
  return warnOfMixedScripts(parsed.domain.host);
};

test.each([
  ['\u0430pple.com', '“\u0430pple” (xn--pple-43d) mixes letters of Cyrillic and Latin'],
  ['*.\u0430pple.com', '(xn--pple-43d)'],
  ['www.g\u03bfogle.co.uk', 'Latin and Greek'],
  ['xn--pple-43d.com', 'Cyrillic and Latin'],
  ['APPL\u0415.com', 'Latin and Cyrillic'],
  ['\u0561pple.com', 'Armenian and Latin'],
  ['\u30ab\ud55c.com', 'Katakana and Hangul'],
  ['ab\u0430\u03b1.com', 'Latin, Cyrillic and Greek'],
  ['\u07ca\u05d0.com', 'another script and Hebrew'],
])('%s is warned of: %s', (typed, words) => {
  expect(warningOf(typed)).toContain(words);
});

test.each([
  ['app.example.com', 'plain'],
  ['m\u00fcnchen.de', 'Latin with an accent'],
  ['\u043f\u043e\u0447\u0442\u0430.com', 'Cyrillic throughout'],
  ['\u043f\u043e\u0447\u0442\u0430-24.com', 'digits and a hyphen'],
  ['\u65e5\u672c\u3054app.jp', 'Japanese, with Latin letters'],
  ['\u30e9\u30fc\u30e1\u30f3.jp', 'a long sound'],
  ['\ud55c\uad6dapp.kr', 'Korean, with Latin letters'],
  ['app.\u043f\u043e\u0447\u0442\u0430.com', 'each label in one script'],
])('%s is not: %s', (typed) => {
  expect(warningOf(typed)).toBeNull();
});
