import { CompactEncrypt, importJWK } from 'jose';
import { SEALED_AUTH_TYPE } from '#shared/sealed-payload.ts';
import { type Canaries, makeCanary } from './find-canaries.ts';
import type { Distributed } from './start-distributed.ts';

/** What a caller wants to see in his document: there it stands, and nowhere else. */
export const WANTED_IN_PDF = ['headerTemplate', 'footerTemplate', 'title'];

/** A request with a canary in each of its secret places. `decoy` stands where nothing is secret, so that a reader can be tried. */
export type Planted = { name: string; body: Record<string, unknown> };
type Planting = { shop: Distributed; canaries: Canaries; decoy: string; workspaceId: string };

/**
 * Builds requests that carry canaries in every place that may hold a secret: a picture with the whole auth state, a PDF with
 * templates, one whose action fails, one whose auth state was sealed by the client. Adds what it plants to `canaries`.
 */
export async function plantRequests(planting: Planting): Promise<Planted[]> {
  const { shop, canaries, decoy } = planting;
  const plant = (place: string) => {
    canaries[place] ??= makeCanary(place);
    return canaries[place];
  };
  const url = `${shop.demo.origin}/?token=${plant('query')}#${plant('fragment')}`;
  const common = { url, reference: decoy, tags: { decoy } };
  const fill = (optional: boolean) => ({ type: 'fill', selector: '#no-such-field', value: plant('fill'), timeout: 200, optional });
  const auth = { storageState: plantState(shop, plant) };
  const picture = {
    ...common,
    auth: {
      ...auth,
      localStorage: { direct: plant('localStorage') },
      sessionStorage: { direct: plant('sessionStorage') },
      headers: { 'x-secret': plant('header') },
      bearer: plant('bearer'),
      httpCredentials: { username: plant('username'), password: plant('password') },
    },
    headers: { 'x-tenant': plant('requestHeader') },
    actions: [
      fill(true),
      { type: 'type', selector: '#no-such-field', text: plant('type'), secret: true, timeout: 200, optional: true },
      { type: 'selectOption', selector: '#no-such-field', value: plant('select'), timeout: 200, optional: true },
      { type: 'dialog', accept: true, promptText: plant('prompt') },
      { type: 'evaluate', expression: `"${plant('evaluate')}".length` },
    ],
    scripts: [`globalThis.planted = "${plant('script')}"`],
    styles: [`.none::after { content: "${plant('style')}" }`],
    waitFor: { function: `"${plant('waitFor')}".length > 0` },
    expect: [{ notText: plant('notText') }],
    redact: [{ regex: plant('redact'), replacement: plant('replacement') }],
    output: { format: 'png' },
  };
  const pdf = {
    ...common,
    auth: { ...auth, cookies: [{ name: 'plain', value: plant('plainCookie') }] },
    output: {
      format: 'pdf',
      pdf: {
        margin: { top: '20mm', bottom: '20mm' },
        headerTemplate: `<span style="font-size:8px">${plant('headerTemplate')}</span>`,
        footerTemplate: `<span style="font-size:8px">${plant('footerTemplate')}</span>`,
        metadata: { title: plant('title') },
      },
    },
  };
  return [
    { name: 'picture', body: picture },
    { name: 'pdf', body: pdf },
    { name: 'failing', body: { ...common, auth, actions: [fill(false)], output: { format: 'png' } } },
    { name: 'sealed', body: { ...common, auth: { sealed: await sealAuth(planting, auth) }, output: { format: 'jpeg' } } },
  ];
}

function plantState(shop: Distributed, plant: (place: string) => string) {
  const state = structuredClone(shop.demo.storageState);
  state.cookies.push({ ...(state.cookies[0] ?? { domain: 'localhost', path: '/' }), name: 'extra', value: plant('cookie') });
  const [origin] = state.origins;
  origin?.localStorage.push({ name: 'extra', value: plant('stateStorage') });
  const store = { name: 's', autoIncrement: false, records: [{ key: 'k', value: plant('indexedDB') }], indexes: [] };
  return { ...state, origins: [{ ...origin, indexedDB: [{ name: 'planted', version: 1, stores: [store] }] }] };
}

/** Seals an auth state as a client does: to the key that the server publishes, for its workspace. */
async function sealAuth({ shop, canaries, workspaceId }: Planting, auth: object): Promise<string> {
  const { keys } = await (await fetch(`${shop.url}/api/keys/runner`)).json();
  const [jwk] = keys;
  canaries.sealedHeader ??= makeCanary('sealedHeader');
  const content = JSON.stringify({ ...auth, headers: { 'x-secret': canaries.sealedHeader } });
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return await new CompactEncrypt(new TextEncoder().encode(content))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: jwk.kid, typ: SEALED_AUTH_TYPE, aud: workspaceId, exp })
    .encrypt(await importJWK(jwk, 'ECDH-ES'));
}

/** A call that is refused, with canaries wherever something may be quoted. */
export type Refused = { status: number; method?: string; path?: string; headers?: Record<string, string>; raw: string };

/** Calls that are refused with each status, every one with a canary where its fault is. `done` is a capture that is finished. */
export function plantFaults({ shop, canaries, done }: { shop: Distributed; canaries: Canaries; done: string }): Refused[] {
  canaries.fault ??= makeCanary('fault');
  const { fault } = canaries;
  const good = { url: `${shop.demo.origin}/`, output: { format: 'png' } };
  const body = (status: number, more: object): Refused => ({ status, raw: JSON.stringify({ ...good, ...more }) });
  return [
    { status: 400, raw: `{"url":"${shop.demo.origin}/","auth":{"bearer":"${fault}"` },
    { status: 400, headers: { 'idempotency-key': `${fault}${'x'.repeat(300)}` }, raw: JSON.stringify(good) },
    { status: 401, headers: { authorization: `Bearer ss_live_${fault}` }, raw: JSON.stringify({ ...good, auth: { bearer: fault } }) },
    { status: 401, headers: { authorization: `Basic ${btoa(`${fault}:${fault}`)}` }, raw: '{}' },
    body(403, { url: `https://unlisted.example.com/?t=${fault}#${fault}`, auth: { bearer: fault } }),
    { status: 404, method: 'GET', path: `/api/captures/${fault}?token=${fault}`, raw: '' },
    { status: 404, method: 'GET', path: `/api/${fault}?token=${fault}`, raw: '' },
    { status: 409, path: `/api/captures/${done}/cancel`, raw: JSON.stringify({ fault }) },
    { status: 413, raw: JSON.stringify({ ...good, auth: { bearer: fault.repeat(40_000) } }) },
    { status: 415, headers: { 'content-type': 'text/plain' }, raw: fault },
    body(422, { auth: { cookies: [{ name: 'a;b', value: fault }] } }),
    body(422, { auth: { cookies: [{ name: 'a', value: `${fault}\n` }] } }),
    body(422, { auth: { cookies: [{ name: 'a', value: fault, domain: 'other.example.com' }] } }),
    body(422, { auth: { cookies: fault, localStorage: [fault], sessionStorage: fault, storageState: fault } }),
    body(422, { auth: { localStorage: { a: fault, 'https://other.example.com': { b: fault } } } }),
    body(422, { auth: { headers: { 'x-secret': `${fault}\r\nx: y` } } }),
    body(422, { auth: { headers: { [`Authorization: Bearer ${fault}`]: 'x' } } }),
    body(422, { auth: { bearer: `${fault} ${fault}` } }),
    body(422, { auth: { httpCredentials: { username: `${fault}:${fault}`, password: fault } } }),
    body(422, { auth: { sealed: fault } }),
    body(422, { headers: { 'x-tenant': `${fault}\u0000` } }),
    body(422, { actions: [{ type: 'fill', selector: '', value: fault }] }),
    body(422, { actions: [{ type: 'no-such-action', value: fault }] }),
    body(422, { actions: [{ type: 'fill', selector: '#a', value: [fault] }] }),
    body(422, { actions: [{ type: 'evaluate', expression: { a: fault } }] }),
    body(422, { scripts: fault, styles: [{ a: fault }] }),
    body(422, { redact: [{ regex: `(${fault}`, replacement: fault }] }),
    body(422, {
      output: { format: 'pdf', pdf: { headerTemplate: `<script>${fault}</script>`, footerTemplate: `<img src="https://x/${fault}">` } },
    }),
    body(422, { url: `https://user:${fault}@localhost/` }),
    body(422, { url: `http://localhost/?token=${fault}` }),
    body(422, { url: `https://127.0.0.1/?token=${fault}` }),
  ];
}
