import { afterAll, beforeAll, expect, test } from 'vitest';
import { domainViewSchema } from '#shared/console.ts';
import { startTestDns, type TestDns } from '../services/test-dns.ts';
import { type ApiBed, createApiBed, OPERATOR_TOKEN, problemOf } from './api-bed.ts';

// A server that requires proofs, from the console's call to the capture that is accepted.
let bed: ApiBed;
let dns: TestDns;
beforeAll(async () => {
  dns = await startTestDns();
  bed = await createApiBed({ domainProof: { isRequired: true, nameServers: [dns.address] } });
});
afterAll(async () => {
  await bed?.close();
  await dns?.close();
});

async function mutate(path: string, body: unknown) {
  const { status, text } = await bed.call(`/trpc/${path}`, { key: null, headers: { cookie: bed.cookie, 'x-sessionshot': '1' }, body });
  const answer = JSON.parse(text);
  return { status, data: answer.result?.data, problem: answer.error?.data.problem };
}
const request = (host: string) => bed.call('/api/captures', { body: { url: `https://${host}/`, output: { format: 'png' } } });

test('a host that an admin adds is captured once its owner has published the record', async () => {
  const added = domainViewSchema.parse((await mutate('domains.add', { domain: 'app.acme.io' })).data);
  if (!added.proof) throw new Error('the entry was expected to wait');
  expect(problemOf(await request('app.acme.io')).code).toBe('domain_not_allowed');
  const refused = await mutate('domains.prove', { id: added.id });
  expect([refused.status, refused.problem.code]).toEqual([409, 'conflict']);
  expect(refused.problem.detail).toContain(added.proof.recordValue);
  dns.tell(added.proof.recordName, [added.proof.recordValue]);
  expect((await mutate('domains.prove', { id: added.id })).data).toEqual({ ...added, proof: null });
  expect((await request('app.acme.io')).status).toBe(202);
});

test('a host that the operator adds is captured at once', async () => {
  const added = await bed.call('/operator/v1/domains.add', { method: 'POST', key: OPERATOR_TOKEN, body: { domain: 'ops.acme.io' } });
  expect(added.body).toMatchObject({ data: { domain: 'ops.acme.io', proof: null } });
  expect((await request('ops.acme.io')).status).toBe(202);
});
