import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addAllowedDomain, checkAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { readEgressMode, setEgressMode } from '#server/domain/access/egress-mode.ts';
import { listAudit } from '#server/domain/access/read-audit.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import type { EgressMode } from '#shared/console.ts';
import type { JobId } from '#shared/ids.ts';
import type { ClaimRequest } from '#shared/runner-protocol.ts';
import { capture, codeOf, createDomainBed, type DomainBed, operatorOf } from './domain-bed.ts';

const CDN = 'cdn.parts.io';
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
  await bed.sql("delete from allowed_domain where host <> '*.example.com'");
  await set('standard');
});

const set = (mode: EgressMode) => setEgressMode(bed.deps, bed.operator, { mode });
const add = (domain: string, more: { use?: 'pages' | 'parts'; isPrivate?: boolean } = {}) =>
  addAllowedDomain(bed.deps, bed.operator, { domain, ...more });
const check = (host: string) => checkAllowedDomain(bed.deps, bed.operator, `https://${host}/x`);
const claim = (request: ClaimRequest = { strictEgress: true }) => claimJob(bed.deps, bed.runner, request);
const audited = async (action: 'domain.add' | 'workspace.policy') =>
  (await listAudit(bed.deps, bed.operator, { limit: 100, action })).data.map(({ detail }) => detail);

describe('an entry for parts of pages', () => {
  test('is no place for a page, for auth state or for an action, and a check says what it is', async () => {
    expect(await add(CDN, { use: 'parts' })).toMatchObject({ domain: CDN, use: 'parts', isPrivate: false });
    expect(await check(CDN)).toEqual({
      allowed: false,
      reason: `${CDN} is on the list for parts of pages only: add it for pages.`,
    });
    expect(await check('other.parts.io')).toEqual({ allowed: false, reason: 'other.parts.io is not an allowed domain.' });
    expect(await codeOf(capture(bed, { url: `https://${CDN}/` }))).toBe('domain_not_allowed');
    const cookies = [{ name: 'sid', value: 'v', domain: CDN }];
    expect(await codeOf(capture(bed, { auth: { cookies } }))).toBe('invalid_request');
    expect(await codeOf(capture(bed, { auth: { bearer: 't', origins: [`https://${CDN}`] } }))).toBe('invalid_request');
    expect(await codeOf(capture(bed, { actions: [{ type: 'goto', url: `https://${CDN}/` }] }))).toBe('invalid_request');
  });

  test('becomes one for pages when it is added again for them, and never the other way', async () => {
    const before = (await audited('domain.add')).length;
    const first = await add(CDN, { use: 'parts' });
    expect(await add(CDN, { use: 'parts' })).toEqual(first);
    expect(await add(CDN)).toEqual({ ...first, use: 'pages' });
    expect(await add(CDN, { use: 'parts' })).toEqual({ ...first, use: 'pages' });
    expect(await check(CDN)).toMatchObject({ allowed: true });
    expect((await audited('domain.add')).slice(0, -before)).toEqual([CDN, `${CDN}, parts`]);
  });

  test('is never private, so that raising it opens nothing inside', async () => {
    expect(await codeOf(add('intra.corp:8443', { use: 'parts', isPrivate: true }))).toBe('invalid_request');
    const entry = await add(CDN, { use: 'parts' });
    expect(await add(CDN, { isPrivate: true })).toEqual({ ...entry, use: 'pages', isPrivate: true });
    expect(await add(CDN, { use: 'parts' })).toEqual({ ...entry, use: 'pages', isPrivate: true });
  });
});

describe('the mode', () => {
  test('is standard at first, belongs to one workspace, and a change leaves one entry in the audit log', async () => {
    const other = operatorOf((await bed.addWorkspace()).workspaceId);
    const before = (await audited('workspace.policy')).length;
    await set('strict');
    await set('strict');
    expect(await readEgressMode(bed.deps, bed.operator)).toEqual({ mode: 'strict' });
    expect(await readEgressMode(bed.deps, other)).toEqual({ mode: 'standard' });
    expect((await audited('workspace.policy')).slice(0, before === 0 ? undefined : -before)).toEqual(['egress strict']);
    expect(await codeOf(setEgressMode(bed.deps, bed.key, { mode: 'standard' }))).toBe('forbidden');
  });
});

describe('a claim', () => {
  test('carries no list of parts in standard mode, whatever is listed', async () => {
    await add(CDN, { use: 'parts' });
    await capture(bed);
    expect((await claim())?.limits).toMatchObject({ domains: [{ host: '*.example.com', port: null, isPrivate: false }], parts: null });
  });

  test('carries mode and list as they are at that moment', async () => {
    await capture(bed);
    await set('strict');
    await add(CDN, { use: 'parts' });
    await add('intra.corp:8443', { isPrivate: true });
    const limits = (await claim())?.limits;
    expect(limits?.domains).toHaveLength(2);
    expect(limits?.domains).toContainEqual({ host: 'intra.corp', port: 8443, isPrivate: true });
    expect(limits?.parts).toHaveLength(3);
    expect(limits?.parts).toContainEqual({ host: CDN, port: null, isPrivate: false });
    expect(limits?.parts).toContainEqual({ host: '*.example.com', port: null, isPrivate: false });
  });

  test('for a narrowed key holds pages to its narrowing; parts come from the whole list, never at private addresses', async () => {
    const { key } = await createApiKey(bed.deps, bed.operator, {
      name: 'narrow',
      scopes: ['captures:create'],
      domains: ['one.example.com', CDN],
    });
    const narrow = await authenticateApiKey(bed.deps, key, { address: '127.0.0.1' });
    await add(CDN, { use: 'parts' });
    await add('intra.corp:8443', { isPrivate: true });
    await set('strict');
    expect(await codeOf(capture(bed, { url: `https://${CDN}/` }, narrow))).toBe('domain_not_allowed');
    await capture(bed, { url: 'https://one.example.com/' }, narrow);
    const limits = (await claim())?.limits;
    expect(limits?.domains).toEqual([{ host: 'one.example.com', port: null, isPrivate: false }]);
    expect(limits?.parts?.map(({ host }) => host).toSorted()).toEqual(['*.example.com', CDN, 'intra.corp']);
    expect(limits?.parts?.filter(({ isPrivate }) => isPrivate)).toEqual([]);
  });

  test('of a runner that knows no strict egress gets no job of a strict workspace, by poll or by name, but those of others', async () => {
    const made = await capture(bed);
    const [job] = await bed.sql<{ id: JobId }>('select id from job where capture_id = $1', [made.id]);
    await set('strict');
    const other = await bed.addWorkspace();
    const theirs = await capture(bed, {}, other);
    expect(await claim({ jobId: job?.id })).toBeNull();
    expect(await claim({})).toMatchObject({ captureId: theirs.id, limits: { parts: null } });
    expect(await claim({})).toBeNull();
    expect(await claim({ jobId: job?.id, strictEgress: true })).toMatchObject({ captureId: made.id, attempt: 1 });
  });
});
