import { expect, test } from 'vitest';
import { ownPath } from './own-path.ts';

test.each(['/', '/captures?status=failed&tag=a%3Ab#top', '/captures/cap_1', '/a/../keys?next=//x'])('%s is ours', (path) => {
  const read = ownPath(path);
  expect(new URL(read, 'https://shots.example.com').href).toBe(new URL(path, 'https://shots.example.com').href);
});

test.each([
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n\\evil.example',
  '/.//evil.example',
  '/..//evil.example/x',
  '/a/..//evil.example',
  'https://evil.example/',
  'javascript:alert(1)',
  ' //evil.example',
  'evil.example',
  '',
  undefined,
  null,
])('%j leads to the start page', (wanted) => {
  expect(ownPath(wanted)).toBe('/');
  expect(new URL(ownPath(wanted), 'https://shots.example.com').origin).toBe('https://shots.example.com');
});
