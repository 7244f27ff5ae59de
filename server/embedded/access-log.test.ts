import { expect, test } from 'vitest';
import { createAccessFilter, fingerprintOf, REFUSED_PER_MINUTE_MAX } from './access-log.ts';

const line = (method: string, status: number, query = '?sv=2026-02-06&sig=abc%2Bdef%3D&se=2026') =>
  `127.0.0.1 - - [30/Nov/2026:20:00:00 +0000] "${method} /store/captures/ws_1/cap_1/1.png${query} HTTP/1.1" ${status} -`;

test('a signature becomes its fingerprint, however it is spelled', () => {
  const filter = createAccessFilter();
  const by = fingerprintOf('abc+def=');
  expect(filter(line('PUT', 403))).toContain(`/1.png?sv=2026-02-06&by=${by}&se=2026 HTTP/1.1" 403`);
  for (const query of ['?sig=abc%2Bdef%3D', '?SIG=abc+def=', '?a=%zz&Sig=abc%2bdef%3d'])
    expect(filter(line('PUT', 403, query))).toContain(`by=${by}`);
  expect(filter(line('PUT', 403, '?sig=%zz'))).not.toContain('%zz');
  expect(filter('AccountKey=c2VjcmV0')).not.toContain('c2VjcmV0');
});

test('what was refused, written or deleted is kept, what was read is not', () => {
  const filter = createAccessFilter();
  const kept = (method: string, status: number) => filter(line(method, status)) !== null;
  expect([kept('GET', 403), kept('HEAD', 404), kept('PUT', 409), kept('PUT', 201), kept('DELETE', 202)]).toEqual(Array(5).fill(true));
  expect([kept('GET', 200), kept('HEAD', 200), kept('GET', 206)]).toEqual([false, false, false]);
});

test('refusals of a minute have a bound, and the next minute begins anew', () => {
  let now = 0;
  const filter = createAccessFilter(() => now);
  const lines = Array.from({ length: REFUSED_PER_MINUTE_MAX + 50 }, () => filter(line('GET', 403))).filter((kept) => kept !== null);
  expect(lines).toHaveLength(REFUSED_PER_MINUTE_MAX + 1);
  expect(lines.at(-1)).toContain('the rest is left out');
  expect(filter(line('PUT', 201))).not.toBeNull();
  now = 60_000;
  expect(filter(line('GET', 403))).toContain('403');
});
