import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isWellFormedToken, makeToken, TOKEN_PREFIXES, type TokenKind, tokenHint } from './api-key.ts';

test('a token has its prefix, 32 random and 6 check characters, and is new each time', () => {
  const made = new Set(Array.from({ length: 500 }, () => makeToken('apiKey')));
  expect(made.size).toBe(500);
  for (const token of made) {
    expect(token).toMatch(/^ss_live_[0-9A-Za-z]{38}$/);
    expect(isWellFormedToken('apiKey', token)).toBe(true);
  }
});

test('every letter of the alphabet turns up, none far more often than another', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 1000; i++)
    for (const letter of makeToken('runner').slice(TOKEN_PREFIXES.runner.length, -6)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect(counts.size).toBe(62);
  const mean = 32_000 / 62;
  for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(mean * 0.35);
});

test('one changed, added or missing character is found without a look-up', () => {
  const token = makeToken('apiKey');
  for (let at = TOKEN_PREFIXES.apiKey.length; at < token.length; at++) {
    const other = token[at] === 'a' ? 'b' : 'a';
    expect(isWellFormedToken('apiKey', token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
  }
  for (const fake of [
    token.slice(0, -1),
    `${token}0`,
    ` ${token.slice(1)}`,
    `${token.slice(0, -1)}-`,
    '',
    'ss_live_',
    token.toUpperCase(),
  ]) {
    expect(isWellFormedToken('apiKey', fake)).toBe(false);
  }
});

test('a runner’s token is no API key', () => {
  expect(isWellFormedToken('apiKey', makeToken('runner'))).toBe(false);
  expect(isWellFormedToken('runner', makeToken('apiKey'))).toBe(false);
});

test('the check is the CRC-32 of all before it, so that scanners can compute it too', () => {
  // Computed apart from this code: crc32("ss_live_" + 32 times "0") in base 62.
  const body = `ss_live_${'0'.repeat(32)}`;
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let check = '';
  while (check.length < 6) {
    check = alphabet.charAt(rest % 62) + check;
    rest = Math.floor(rest / 62);
  }
  expect(isWellFormedToken('apiKey', body + check)).toBe(true);
});

test('the hint is the first 8 random characters', () => {
  const token = makeToken('apiKey');
  expect(tokenHint('apiKey', token)).toBe(token.slice(8, 16));
});

/** The pattern that docs/api.md tells secret scanners for this kind of token. */
function publishedPattern(kind: TokenKind): RegExp {
  const guide = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');
  const spans = [...guide.matchAll(/`([^`\n]+)`/g)].flatMap((match) => match[1] ?? []);
  const found = spans.filter((span) => span.includes(TOKEN_PREFIXES[kind]) && /[[{]/.test(span));
  expect(found, 'one pattern, said once').toHaveLength(1);
  return new RegExp(found[0] ?? '', 'g');
}

test.each<[TokenKind, TokenKind]>([
  ['apiKey', 'runner'],
  ['runner', 'apiKey'],
])(
  'the pattern for secret scanners in docs/api.md finds every token of the kind %s, wherever it stands, and no near miss',
  (kind, other) => {
    const pattern = publishedPattern(kind);
    const found = (text: string) => text.match(pattern) ?? [];
    for (let i = 0; i < 100; i++) {
      const token = makeToken(kind);
      for (const text of [
        token,
        `Authorization: Bearer ${token}`,
        `{"key":"${token}"}`,
        `KEY='${token}'\n`,
        `?key=${token}&a=1`,
        `(${token}).`,
      ])
        expect(found(text)).toEqual([token]);
      const [prefix, rest] = [TOKEN_PREFIXES[kind], token.slice(TOKEN_PREFIXES[kind].length)];
      const nearMisses = [
        token.slice(0, -1),
        `${token}x`,
        `${token}_x`,
        `x${token}`,
        `${prefix}${rest.slice(0, 20)}-${rest.slice(21)}`,
        `${prefix}${rest.slice(0, 20)}_${rest.slice(21)}`,
        `${prefix}${rest.slice(0, 20)} ${rest.slice(21)}`,
        prefix.toUpperCase() + rest,
        prefix.replace('_', '-') + rest,
        prefix.slice(0, -1) + rest,
        `ss_test_${rest}`,
        makeToken(other),
        rest,
      ];
      for (const text of nearMisses) expect([text, found(text)]).toEqual([text, []]);
    }
  },
);
