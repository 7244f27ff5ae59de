import { describe, expect, it } from 'vitest';
import { matchesUrl } from './glob.ts';

describe('matchesUrl', () => {
  it.each([
    ['**/reports/**', 'https://app.example.com/reports/42', true],
    ['**/reports/*', 'https://app.example.com/reports/42/more', false],
    ['https://app.example.com/', 'https://app.example.com/', true],
    ['https://app.example.com', 'https://app.example.com/', true],
    ['**/dashboard', 'https://app.example.com/dashboard?tab=1#x', true],
    ['**/login**', 'https://app.example.com/login?next=/', true],
    ['/reports/*', 'https://app.example.com/reports/42?x=1', true],
    ['**/api?page=1', 'https://app.example.com/api?page=1', true],
    ['**/api?page=1', 'https://app.example.com/api?page=2', false],
    ['**/*.{png,jpg}', 'https://app.example.com/a/b.jpg', true],
    ['**/*.{png,jpg}', 'https://app.example.com/a/b.gif', false],
    ['https://app.example.com/a.b', 'https://app.example.com/aXb', false],
    ['**/a(b)', 'https://app.example.com/a(b)', true],
  ])('%s against %s is %s', (pattern, url, matches) => {
    expect(matchesUrl(pattern, url)).toBe(matches);
  });

  it.each([
    ['**/dashboard', 'https://app.example.com/start?next=/dashboard', false],
    ['**/dashboard', 'https://app.example.com/start#/dashboard', false],
    ['**/dashboard', 'https://app.example.com/dashboard?tab=1#x', true],
    ['**/login**', 'https://app.example.com/login?next=/', true],
    ['/reports/*', 'https://app.example.com/reports/42?x=1', true],
    ['**/start?next=**', 'https://app.example.com/start?next=/dashboard', true],
    ['**/#/board', 'https://app.example.com/#/board', true],
    ['https://app.example.com', 'https://app.example.com/?x', true],
  ])('strictly, %s against %s is %s', (pattern, url, matches) => {
    expect(matchesUrl(pattern, url, { strict: true })).toBe(matches);
  });

  it('takes linear time, whatever the pattern and the address', () => {
    expect(matchesUrl(`${'**a'.repeat(19)}**b`, `https://x.test/${'a'.repeat(50_000)}`)).toBe(false);
    expect(matchesUrl(`${'{a,aa}'.repeat(60)}b`, `https://x.test/${'a'.repeat(5000)}`)).toBe(false);
  });
});
