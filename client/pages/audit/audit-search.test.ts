import { expect, test } from 'vitest';
import { isFiltered, readAuditSearch, toAuditInput } from './audit-search.ts';

test('filters are read from an address, and what is none is dropped', () => {
  const actor = 'usr_01M885QVBHEJMJJEK77JNQ3A3S';
  const whole = { action: 'key.create', outcome: 'refused', kind: 'user', actor, from: '2026-11-01', to: '2026-11-25' };
  expect(readAuditSearch(whole)).toMatchObject(whole);
  for (const raw of [
    { action: 'nothing' },
    { kind: 'dog' },
    { actor: 'Robin' },
    { from: '1.11.2026' },
    { to: '2026-13-45' },
    { from: '0002-01-01' },
    { cursor: 7 },
  ])
    expect(isFiltered(readAuditSearch(raw))).toBe(false);
});

test('days reach from their first moment to their last, over the end of a month and a change of the clock', () => {
  const { since, until } = toAuditInput({ from: '2026-10-31', to: '2026-10-31' });
  expect([since, until].map((at) => at && new Date(at).getDate())).toEqual([31, 1]);
  expect([since, until].map((at) => at && new Date(at).getHours())).toEqual([0, 0]);
  expect(toAuditInput({})).toEqual({});
});
