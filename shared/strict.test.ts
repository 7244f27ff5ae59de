import { expect, test } from 'vitest';
import { z } from 'zod';
import { nearest, strict } from './strict.ts';

const schema = strict({ fullPage: z.boolean().optional(), quality: z.number().optional(), url: z.string().optional() }, ['webhook']);
const messageFor = (value: unknown) =>
  schema
    .safeParse(value)
    .error?.issues.map((issue) => issue.message)
    .join(' ');

test.each([
  [{ fulPage: true }, 'did you mean `fullPage`'],
  [{ FullPage: true }, 'did you mean `fullPage`'],
  [{ fullpage: true }, 'did you mean `fullPage`'],
  [{ full_page: true }, 'did you mean `fullPage`'],
  [{ qualitty: 1 }, 'did you mean `quality`'],
  [{ urls: 'x' }, 'did you mean `url`'],
  [{ banana: 1 }, 'Valid keys: fullPage, quality, url'],
  [{ webhook: {} }, 'not available in this version'],
  [{ fulPage: 1, banana: 1 }, 'Valid keys'],
])('%j is answered with "%s"', (value, message) => {
  expect(messageFor(value)).toContain(message);
});

test('known keys pass, and other faults keep their own message', () => {
  expect(schema.safeParse({ fullPage: true }).success).toBe(true);
  expect(messageFor({ fullPage: 'yes' })).toMatch(/boolean/);
  expect(messageFor('text')).toMatch(/object/);
});

test('the value of an unknown key is never quoted', () => {
  expect(messageFor({ passwort: 'hunter2-canary' })).not.toContain('hunter2');
});

test('nearest finds a slip of the finger and nothing farther', () => {
  expect(nearest('iPhone 51', ['iPhone 15', 'Pixel 7'])).toBe('iPhone 15');
  expect(nearest('toaster', ['iPhone 15', 'Pixel 7'])).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});

test('hostile keys are explained in bounded space: the first ones, each cut, with line breaks taken out', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1]));
  expect(messageFor(many)?.split('\n')).toHaveLength(50);
  expect(messageFor({ ['k'.repeat(100_000)]: 1 })?.length).toBeLessThan(200);
  expect(messageFor({ 'a\nb': 1 })?.split('\n')).toHaveLength(1);
  expect(nearest('x'.repeat(1_000_000), ['x'.repeat(15)])).toBeUndefined();
});
