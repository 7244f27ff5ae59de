import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { createOwnerSignInLink, signInWithLink } from '#server/domain/access/sessions.ts';
import type { WebhookReceiver } from '../services/webhook-receiver.ts';
import { PAYLOADS, tagKeyOf, targetOf } from './hostile-payloads.ts';
import { createStandIn } from './stand-in-runner.ts';
import type { Console } from './start-console.ts';

/** Half a minute: for a try that takes no time. */
const ASKS_MAX = 300;
const ASK_EVERY_MS = 100;
const PASSWORD = 'correct horse battery staple';
const issuedSchema = z.object({ key: z.string() });
const endpointSchema = z.object({ endpoint: z.object({ id: z.string() }) });
const idSchema = z.object({ id: z.string(), state: z.string() });
const inviteSchema = z.object({ url: z.string() });

/** `token`: of the session that the call has opened. */
type Heard = { code: string; data: unknown; token: string | null };
/** Somebody who sends calls past the forms of the console, as whoever means harm does. */
export type Caller = {
  send(path: string, input: unknown, headers?: Record<string, string>): Promise<Heard>;
  ask(path: string, input: unknown): Promise<Heard>;
};

/** One payload, and what bears it: a capture in each of its texts; an API key, a runner and a member as their name, and that key's program. */
export type Sown = { payload: string; captureId: string; memberToken: string };

/** Calls with the cookie of a session; null for nobody. */
export function callAs(console: Console, token: string | null): Caller {
  const own = { 'x-sessionshot': '1', ...(token ? { cookie: `ss_session=${token}` } : {}) };
  const hear = async (path: string, init: RequestInit): Promise<Heard> => {
    const answer = await fetch(`${console.url}/trpc/${path}`, init);
    const body = JSON.parse(await answer.text());
    const [, opened = null] = /ss_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '') ?? [];
    return answer.ok
      ? { code: 'ok', data: body.result.data, token: opened }
      : { code: String(body.error.data.problem.code), data: null, token: opened };
  };
  return {
    send: (path, input, headers = {}) =>
      hear(path, { method: 'POST', headers: { ...own, 'content-type': 'application/json', ...headers }, body: JSON.stringify(input) }),
    ask: (path, input) => hear(`${path}?input=${encodeURIComponent(JSON.stringify(input))}`, { headers: own }),
  };
}

/** Opens a session of the owner. */
export async function openOwnSession({ app: { deps } }: Console): Promise<string> {
  return (await signInWithLink(deps, (await createOwnerSignInLink(deps)).token)).token;
}

/** What a call that must go through has answered. */
export async function taken(call: Promise<Heard>): Promise<unknown> {
  const { code, data } = await call;
  if (code !== 'ok') throw new Error(`the call was refused: ${code}`);
  return data;
}

/** Makes an invite and answers the address of its page. */
export async function inviteTo(owner: Caller, email: string): Promise<string> {
  return inviteSchema.parse(await taken(owner.send('invites.create', { email, role: 'admin' }))).url;
}

/** Puts each payload into every text that people, programs, captured pages and runners can fill. */
export async function sowHostileText(console: Console): Promise<Sown[]> {
  const owner = callAs(console, await openOwnSession(console));
  await addAllowedDomain(console.app.deps, console.operator, { domain: 'app.example.com' });
  const sown: Sown[] = [];
  for (const [index, payload] of PAYLOADS.entries()) {
    const url = await inviteTo(owner, `member${index}@example.com`);
    const accepted = { token: new URL(url).hash.slice('#token='.length), name: payload, password: PASSWORD };
    const { token: memberToken } = await callAs(console, null).send('invites.accept', accepted);
    if (!memberToken) throw new Error(`nobody could join as ${payload}`);
    const { key } = issuedSchema.parse(await taken(owner.send('keys.create', { name: payload })));
    const captureId = await requestByKey(console, key, payload);
    await failByRunner(console, payload);
    await authenticateApiKey(console.app.deps, key, { address: '198.51.100.9', userAgent: payload });
    sown.push({ payload, captureId, memberToken });
  }
  return sown;
}

export type SownWebhook = { payload: string; endpointId: string; deliveryId: string };

/**
 */
export async function sowWebhooks(console: Console, receiver: WebhookReceiver): Promise<SownWebhook[]> {
  const owner = callAs(console, await openOwnSession(console));
  await addAllowedDomain(console.app.deps, console.operator, { domain: `localhost:${receiver.port}`, isPrivate: true });
  const url = `${receiver.origin}/${encodeURIComponent(PAYLOADS[0] ?? '')}`;
  const { endpoint } = endpointSchema.parse(await taken(owner.send('webhooks.create', { url })));
  receiver.answer((_, before) => ({ status: 500, body: PAYLOADS[before] ?? '' }));
  const sown: SownWebhook[] = [];
  for (const payload of PAYLOADS) {
    const { id } = idSchema.parse(await taken(owner.send('webhooks.test', { id: endpoint.id })));
    // One after the other, so that each answer is that of its delivery.
    await waitForTry(owner, id);
    sown.push({ payload, endpointId: endpoint.id, deliveryId: id });
  }
  return sown;
}

async function waitForTry(owner: Caller, id: string): Promise<void> {
  for (let asked = 0; asked < ASKS_MAX; asked++) {
    if (idSchema.parse(await taken(owner.ask('webhooks.delivery', { id }))).state === 'failed') return;
    await sleep(ASK_EVERY_MS);
  }
  throw new Error(`${id} was not tried`);
}

/** Sends a request over REST, as a program does. */
export async function sendRequest(console: Console, key: string, body: object): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${console.url}/api/captures`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

async function requestByKey(console: Console, key: string, payload: string): Promise<string> {
  const { status, body } = await sendRequest(console, key, {
    url: targetOf(payload),
    output: { format: 'png' },
    tags: { [tagKeyOf(payload)]: payload, kind: payload },
    reference: payload,
  });
  if (status !== 202) throw new Error(`the request was answered ${status}`);
  return z.object({ id: z.string() }).parse(body).id;
}

/** Fails the waiting capture as a runner that bears the payload as its name and reports it wherever it reports a text. */
async function failByRunner(console: Console, payload: string): Promise<void> {
  const runner = await createStandIn(console, payload);
  await runner.fail(
    await runner.claim(),
    { code: 'expectation_failed', detail: payload, step: 'settle' },
    {
      finalUrl: payload,
      httpStatus: 200,
      verdict: 'unverified',
      readiness: { settledBy: payload, heldBy: payload },
      egress: { hosts: [payload], blocked: [{ host: payload, reason: payload }] },
      auth: { cookies: 1, origins: 0, rejected: [{ name: payload, reason: payload }] },
    },
  );
}
