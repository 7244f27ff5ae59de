import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOMAINS } from './cases/domains.ts';
import { createInputBed, type InputBed } from './input-bed.ts';

/** What an owner may write into the list of allowed domains, sent as the console sends it. */
let bed: InputBed;
beforeAll(async () => {
  bed = await createInputBed();
});
afterAll(() => bed?.close());

const add = (domain: string, isPrivate = false) =>
  bed.work.measure(domain, () =>
    bed.api.call('/trpc/domains.add', {
      key: null,
      signal: AbortSignal.timeout(10_000),
      headers: { cookie: bed.api.cookie, 'x-sessionshot': '1' },
      body: { domain, isPrivate },
    }),
  );

describe.each(DOMAINS)('$group', ({ cases }) => {
  test.each(cases)('%j is stored as %j: %s', async (text, stored) => {
    const answer = await add(text);
    const body = JSON.parse(answer.text);
    if (stored !== null) {
      expect([answer.status, body.result?.data.domain]).toEqual([200, stored]);
      return;
    }
    const { code, errors } = body.error.data.problem;
    expect([answer.status, code, errors.map((error: { path: string }) => error.path)]).toEqual([422, 'invalid_request', ['domain']]);
  });
});

test('what was refused is not in the list, and what was taken is there once', async () => {
  const answer = await bed.api.call('/trpc/domains.list', { key: null, headers: { cookie: bed.api.cookie } });
  const listed: string[] = JSON.parse(answer.text).result.data.map(({ domain }: { domain: string }) => domain);
  const stored = DOMAINS.flatMap(({ cases }) => cases.flatMap(([, entry]) => entry ?? []));
  const before = ['*.example.com', 'exact.example.org', 'app.acme.io:8443', '*.xn--bcher-kva.example.net', 'localhost:4443'];
  expect(listed.toSorted()).toEqual([...new Set([...stored, ...before])].toSorted());
});

test('not even an owner may open the network of the machine', async () => {
  for (const domain of ['localhost:8443', 'intranet', 'wiki.corp', 'shop.acme.io']) {
    const answer = await add(domain, true);
    expect([answer.status, JSON.parse(answer.text).error.data.problem.code]).toEqual([403, 'forbidden']);
  }
});

test('one that mixes scripts is taken, with a warning', async () => {
  const answer = await add('\u0430pple.com');
  expect([answer.status, JSON.parse(answer.text).result.data.warning]).toEqual([200, expect.stringContaining('Cyrillic and Latin')]);
  expect(JSON.parse((await add('plain.acme.io')).text).result.data.warning).toBeNull();
});

test('none of them makes the server work for long', async () => {
  expect(await bed.work.findDear('allowed domains')).toEqual([]);
});
