import { expect, test } from 'vitest';
import { dropActing, escapeActing } from './inert-text.ts';

const code = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

test.each(
  ['\u0000', '\u0007', '\b', '\r', '\u001b', '\u007f', '\u0090', '\u009b', '\u009d']
    .concat(['\u061c', '\u200e', '\u200f', '\u2028', '\u2029', '\u202a', '\u202e', '\u2066', '\u2069'])
    .map((char) => [code(char), char]),
)('%s is written out, or left out', (shown, char) => {
  expect(escapeActing(`a${char}b${char}`)).toBe(`a${shown}b${shown}`);
  expect(dropActing(`a${char}b`)).toBe('a b');
});

test('text of any language, emoji that are joined, and lines where they are kept stay as they are', () => {
  for (const text of ['Grüße, 東京', 'مرحبا', '👩‍👩‍👧', 'a  b', 'C:\\users'])
    expect([escapeActing(text), dropActing(text)]).toEqual([text, text]);
  expect(escapeActing('a\n\tb\u001b', '\n\t')).toBe('a\n\tb\\u001b');
});
