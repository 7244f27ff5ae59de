import { expect, test } from 'vitest';
import { type AllowedDomain, matchAllowedDomain } from '#shared/allowed-domain.ts';
import { narrowDomains } from './narrow-domains.ts';

const entry = (host: string, port: number | null = null, isPrivate = false): AllowedDomain => ({ host, port, isPrivate });

test('without a narrowing the workspace decides', () => {
  expect(narrowDomains([entry('a.com')], null)).toEqual([entry('a.com')]);
  expect(narrowDomains([entry('a.com')], [])).toEqual([]);
});

test('what is left is allowed exactly when both lists allow it', () => {
  const hosts = ['a.com', 'x.a.com', 'y.x.a.com', 'b.com', 'x.b.com', 'xa.com'];
  const lists = [
    [entry('*.a.com')],
    [entry('a.com'), entry('*.x.a.com')],
    [entry('x.a.com'), entry('b.com', 8443)],
    [entry('*.b.com'), entry('*.a.com', 8443)],
    [entry('*.com')],
  ];
  for (const workspace of lists) {
    for (const key of lists) {
      const both = narrowDomains(workspace, key);
      for (const host of hosts) {
        for (const port of [443, 8443]) {
          const allowed = matchAllowedDomain(workspace, host, port) !== undefined && matchAllowedDomain(key, host, port) !== undefined;
          expect([host, port, matchAllowedDomain(both, host, port) !== undefined]).toEqual([host, port, allowed]);
        }
      }
    }
  }
});

test('a key can neither make an entry private nor public', () => {
  expect(narrowDomains([entry('*.corp.com', null, true)], [entry('a.corp.com')])).toEqual([entry('a.corp.com', null, true)]);
  expect(narrowDomains([entry('*.corp.com')], [entry('a.corp.com', null, true)])).toEqual([entry('a.corp.com')]);
});
