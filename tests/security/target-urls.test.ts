import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../api/api-bed.ts';
import type { UrlCase } from './cases/url-case.ts';
import { URL_FORMS } from './cases/url-forms.ts';
import { URL_HOSTS } from './cases/url-hosts.ts';
import { createInputBed, type InputBed } from './input-bed.ts';

/** Row 2 of the security model: every target URL is answered as rest-api.md says, by the whole server. */
const GROUPS = [...URL_FORMS, ...URL_HOSTS];
const STATUS = { accepted: 202, invalid_target_url: 422, domain_not_allowed: 403, invalid_request: 422 } as const;

let bed: InputBed;
beforeAll(async () => {
  bed = await createInputBed();
});
afterAll(() => bed?.close());

test('there are at least 150 of them, each once', () => {
  const urls = GROUPS.flatMap(({ cases }) => cases.map(([url]) => url));
  expect(urls.length).toBeGreaterThanOrEqual(150);
  expect(urls.filter((url, index) => urls.indexOf(url) !== index)).toEqual([]);
});

describe.each(GROUPS)('$group', ({ cases }) => {
  test.each(cases.map((each): [string, string, UrlCase] => [each[1], `${each[2]}: ${JSON.stringify(each[0].slice(0, 80))}`, each]))(
    '%s: %s',
    async (_expected, _name, [url, expected, , shown]) => {
      const answer = await bed.post(bed.request({ url: url.replace('CANARY', bed.canary) }));
      expect([answer.status, answer.code]).toEqual([STATUS[expected], expected === 'accepted' ? null : expected]);
      if (shown !== undefined) expect(textOf(answer, 'url')).toBe(shown);
      if (expected === 'invalid_target_url') expect(answer.paths).toEqual(['url']);
    },
  );
});

test('a dry run says the same of every one of them', async () => {
  for (const [url, expected] of GROUPS.flatMap(({ cases }) => cases)) {
    const answer = await bed.post({ ...bed.request({ url: url.replace('CANARY', bed.canary) }), dryRun: true });
    const status = expected === 'accepted' ? 200 : STATUS[expected];
    expect([url, answer.status, answer.code]).toEqual([url, status, expected === 'accepted' ? null : expected]);
  }
});

test('none of them makes the server work for long', async () => {
  expect(await bed.work.findDear('target URLs')).toEqual([]);
});

test('no secret that came along is in a log', () => {
  expect(bed.logs()).not.toContain(bed.canary);
});
