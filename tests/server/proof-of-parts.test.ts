import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { UserActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain, checkAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { setEgressMode } from '#server/domain/access/egress-mode.ts';
import { proveDomain } from '#server/domain/access/prove-domain.ts';
import type { Deps } from '#server/domain/deps.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import type { DomainUse } from '#shared/console.ts';
import { capture, codeOf, type DomainBed } from './domain-bed.ts';
import { createProofBed, type ProofBed } from './proof-bed.ts';

// Where pages need a proof and parts of pages need none, the one must not become the other without it.
const CDN = 'cdn.acme.io';
let proofs: ProofBed;
let bed: DomainBed;
let deps: Deps;
let admin: UserActor;
beforeAll(async () => {
  proofs = await createProofBed();
  ({ bed, deps, admin } = proofs);
  await setEgressMode(deps, bed.operator, { mode: 'strict' });
});
afterAll(() => proofs?.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
  await bed.sql("delete from allowed_domain where host <> '*.example.com'");
});

const add = (use: DomainUse, domain = CDN) => addAllowedDomain(deps, admin, { domain, use });
const reasonFor = async (host = CDN) => (await checkAllowedDomain(deps, admin, `https://${host}/`)).reason;
/** What a runner is told of the host now: as a place for pages, and for parts. */
async function told() {
  await capture(bed);
  const limits = (await claimJob(deps, bed.runner, { strictEgress: true }))?.limits;
  return [limits?.domains, limits?.parts].map((list) => list?.some(({ host }) => host === CDN));
}
const [NOTHING, PARTS, PAGES] = [
  [false, false],
  [false, true],
  [true, true],
];

test('parts need no proof', async () => {
  expect(await add('parts')).toMatchObject({ use: 'parts', proof: null });
  expect(await told()).toEqual(PARTS);
});

test('parts that are added again for pages stay parts until they are proved', async () => {
  const { id } = await add('parts');
  const raised = await add('pages');
  expect(raised).toMatchObject({ id, use: 'parts', proof: { recordName: `_sessionshot-challenge.${CDN}` } });
  expect(await told()).toEqual(PARTS);
  expect(await codeOf(capture(bed, { url: `https://${CDN}/` }))).toBe('domain_not_allowed');
  expect(await reasonFor()).toContain('waits for its proof');
  for (const use of ['pages', 'parts'] as const) expect(await add(use)).toEqual(raised);
  expect(await codeOf(proveDomain(deps, admin, id))).toBe('conflict');
  if (raised.proof) proofs.dns.tell(raised.proof.recordName, [raised.proof.recordValue]);
  expect(await proveDomain(deps, admin, id)).toMatchObject({ id, use: 'pages', proof: null });
  expect(await told()).toEqual(PAGES);
  expect((await proofs.eventsOf(id)).map(({ detail }) => detail)).toEqual([`${CDN}, parts`, `${CDN}, to be proved`, CDN]);
});

test('what is proved is not asked again, for pages or for parts', async () => {
  const { id, recordName, recordValue } = await proofs.addWaiting(CDN);
  proofs.dns.tell(recordName, [recordValue]);
  const proved = await proveDomain(deps, admin, id);
  for (const use of ['pages', 'parts'] as const) expect(await add(use)).toEqual(proved);
  expect(await told()).toEqual(PAGES);
});

test('pages that wait are no parts either; added again for parts they are, and an old record makes them no pages', async () => {
  const { id, recordName, recordValue } = await proofs.addWaiting(CDN);
  expect(await told()).toEqual(NOTHING);
  proofs.dns.tell(recordName, [recordValue]);
  const find = async (name: string) => {
    const found = await deps.textRecords.find(name);
    await add('parts');
    return found;
  };
  expect(await proveDomain({ ...deps, textRecords: { find } }, admin, id)).toMatchObject({ id, use: 'parts', proof: null });
  expect(await told()).toEqual(PARTS);
  const again = await add('pages');
  expect(again).toMatchObject({ id, use: 'parts' });
  expect(again.proof?.recordValue).not.toBe(recordValue);
});

test('the operator raises parts, and those that wait, to pages at once', async () => {
  const { id } = await add('parts');
  await add('pages');
  expect(await addAllowedDomain(deps, bed.operator, { domain: CDN })).toMatchObject({ id, use: 'pages', proof: null });
  expect(await told()).toEqual(PAGES);
});

test('a check names pages that hold before parts, and parts before what waits', async () => {
  await add('pages');
  expect(await reasonFor()).toContain('waits for its proof');
  await add('parts', '*.acme.io');
  expect(await reasonFor()).toBe(`${CDN} is on the list for parts of pages only: add it for pages.`);
  await addAllowedDomain(deps, bed.operator, { domain: CDN });
  expect(await reasonFor()).toBe(`${CDN} covers it.`);
});
