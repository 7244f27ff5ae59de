import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { proveDomain } from '#server/domain/access/prove-domain.ts';
import { codeOf } from './domain-bed.ts';
import { createProofBed, type ProofBed } from './proof-bed.ts';

// A host may be so long that the record which would prove it could have no name in DNS: that is said where it is asked for.
let proofs: ProofBed;
beforeAll(async () => {
  proofs = await createProofBed();
});
afterAll(() => proofs?.close());

/** A host of so many characters, in labels that are short enough. */
const hostOf = (length: number) => {
  const below = Array.from({ length: length - '.acme.io'.length }, (_, index) => (index % 50 === 49 ? '.' : 'a'));
  return `${below.join('')}.acme.io`;
};
const tooLong = hostOf(231);

test('a host of 231 characters is refused with the remedy, one of 230 waits for its record', async () => {
  const { deps, admin, addWaiting } = proofs;
  for (const domain of [tooLong, `*.${tooLong}`])
    await expect(addAllowedDomain(deps, admin, { domain })).rejects.toMatchObject({
      code: 'invalid_request',
      detail: expect.stringMatching(/254 characters, and DNS allows 253.* at most 230 .*sessionshot domains add HOST/),
      errors: [{ path: 'domain', message: expect.any(String) }],
    });
  for (const domain of [hostOf(230), `*.${hostOf(230)}`]) expect((await addWaiting(domain)).recordName).toHaveLength(253);
});

test('for parts it needs none, and is refused when it is raised to pages; the operator’s holds', async () => {
  const { bed, deps, admin } = proofs;
  expect(await addAllowedDomain(deps, admin, { domain: tooLong, use: 'parts' })).toMatchObject({ use: 'parts', proof: null });
  expect(await codeOf(addAllowedDomain(deps, admin, { domain: tooLong }))).toBe('invalid_request');
  expect(await addAllowedDomain(deps, bed.operator, { domain: tooLong })).toMatchObject({ use: 'pages', proof: null });
});

test('where it waits from before, a check says so, and no name server is asked', async () => {
  const { bed, deps, dns, admin, addWaiting } = proofs;
  const { id } = await addWaiting('before.acme.io');
  await bed.sql('update allowed_domain set host = $1 where id = $2', [hostOf(240), id]);
  const detail = expect.stringMatching(/^It cannot be proved: .* 263 characters/);
  await expect(proveDomain(deps, admin, id)).rejects.toMatchObject({ code: 'conflict', detail });
  expect(dns.asked).toEqual([]);
});
