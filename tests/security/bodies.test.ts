import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BODY_AUTH } from './cases/body-auth.ts';
import { ACCEPTED, type BodyCase } from './cases/body-case.ts';
import { BODY_COOKIES } from './cases/body-cookies.ts';
import { BODY_FIELDS } from './cases/body-fields.ts';
import { BODY_PAGE } from './cases/body-page.ts';
import { createInputBed, type InputBed } from './input-bed.ts';

/** Row 2 of the security model: every body is answered as rest-api.md says, with the path of its fault, and nothing of it comes back. */
const GROUPS = [...BODY_COOKIES, ...BODY_AUTH, ...BODY_PAGE, ...BODY_FIELDS];
const JSON_TYPE = { 'content-type': 'application/json' };

let bed: InputBed;
beforeAll(async () => {
  bed = await createInputBed();
});
afterAll(() => bed?.close());

const textOf = (over: object) => JSON.stringify({ ...bed.request(), ...over }).replaceAll('CANARY', bed.canary);

test('there are at least 150 of them', () => {
  expect(GROUPS.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(150);
});

describe.each(GROUPS)('$group', ({ cases }) => {
  test.each(cases.map((each): [string, string, BodyCase] => [each[0], each[2].slice(0, 60), each]))(
    '%s: %s',
    async (_why, _expected, [, over, expected]) => {
      const answer = await bed.call('/api/captures', { raw: textOf(over), headers: JSON_TYPE });
      if (expected === ACCEPTED) {
        expect([answer.status, answer.text]).toEqual([202, expect.stringContaining('"queued"')]);
        return;
      }
      expect([answer.status, answer.code]).toEqual([422, 'invalid_request']);
      expect(answer.paths).toContain(expected);
      expect(answer.text.length).toBeLessThan(50_000);
    },
  );
});

test('faults stand before the target, the target before its domain', async () => {
  const code = async (over: object) => (await bed.call('/api/captures', { raw: textOf(over), headers: JSON_TYPE })).code;
  const fault = { output: { format: 'gif' } };
  const foreign = { auth: { cookies: [{ name: 'a', value: 'CANARY', domain: 'evil.test' }] } };
  expect(await code({ url: 'http://evil.test/', ...fault })).toBe('invalid_request');
  expect(await code({ url: 'http://evil.test/', ...foreign })).toBe('invalid_target_url');
  expect(await code({ url: 'https://evil.test/', ...fault })).toBe('invalid_request');
  expect(await code({ url: 'https://evil.test/', ...foreign })).toBe('domain_not_allowed');
  expect(await code({ url: 'https://app.example.com/', ...foreign })).toBe('invalid_request');
  expect(await code({ url: 'https://app.example.com/\u0000', ...fault })).toBe('invalid_request');
});

test('what was refused left nothing behind, and no prototype was touched', async () => {
  const accepted = GROUPS.flatMap(({ cases }) => cases).filter(([, , expected]) => expected === ACCEPTED).length;
  expect(await bed.api.sql('select count(*)::int as count from capture')).toEqual([{ count: accepted }]);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('no secret is in a log, nor in the clear in the database', async () => {
  expect(bed.logs()).not.toContain(bed.canary);
  for (const table of ['capture', 'capture_payload', 'job', 'idempotency_record'])
    expect(await bed.api.sql(`select 1 from ${table} as row where row::text like '%' || $1 || '%'`, [bed.canary])).toEqual([]);
});

test('none of them makes the server work for long', async () => {
  expect(await bed.work.findDear('bodies')).toEqual([]);
});
