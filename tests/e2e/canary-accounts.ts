import { Secret, TOTP } from 'otpauth';
import { type Canaries, makeCanary } from './find-canaries.ts';
import type { Distributed } from './start-distributed.ts';

type Planting = { shop: Distributed; canaries: Canaries; cookie: string };
type Answer = { status: number; data: Record<string, unknown>; session: string };

/**
 * Makes, as the owner whose cookie is given and as somebody whom he invites, one of everything that opens the console or the
 * API, uses it once, and hands in some that open nothing. Adds all of it to `canaries`.
 */
export async function plantAccounts({ shop, canaries, cookie }: Planting): Promise<void> {
  const keep = (place: string, value: unknown) => {
    const text = String(value);
    canaries[place] = text;
    return text;
  };
  const plant = (place: string) => keep(place, makeCanary(place));
  const ask = (procedure: string, input: object, as = cookie) => mutate(shop.url, procedure, input, as);
  const done = async (procedure: string, input: object, as?: string) => expectStatus(await ask(procedure, input, as), 200, procedure);

  const invite = async (place: string, email: string) =>
    keep(place, readFragment((await done('invites.create', { email, role: 'viewer' })).data.url));
  await invite('an invite that waits', 'later@example.com');
  const email = 'newcomer@example.com';
  const password = plant('a password that was changed');
  const accepted = await done('invites.accept', { token: await invite('an invite that was taken', email), name: 'Newcomer', password }, '');
  const person = `${cookie.split('=')[0]}=${keep('the session of an invite', accepted.session)}`;

  const { secret } = (await done('totp.enrol', { password }, person)).data;
  const app = Secret.fromBase32(keep('the secret of an app', secret));
  keep('the bytes of that secret', Buffer.from(app.bytes).toString('latin1'));
  const { recoveryCodes } = (await done('totp.confirm', { code: new TOTP({ secret: app }).generate() }, person)).data;
  const [first, second, third] = Array.isArray(recoveryCodes) ? recoveryCodes.map(String) : [];
  keep('a recovery code that was used', first);
  keep('a recovery code that waits', third);
  keep('that code without its hyphens', third?.replaceAll('-', ''));
  keep('the session of a recovery code', (await done('auth.signIn', { email, password, code: first }, '')).session);
  await done('auth.setPassword', { email, password: plant('a password'), current: password, code: second }, person);

  for (const [procedure, input] of [
    ['auth.signIn', { email, password: plant('a wrong password') }],
    ['auth.signIn', { email, password: canaries['a password'], code: plant('a wrong code') }],
    ['auth.signInWithLink', { token: plant('a forged sign-in link') }],
    ['invites.preview', { token: plant('a forged invite') }],
    ['keys.revokeLeaked', { key: `ss_live_${plant('a key that is none')}` }],
  ] as const) {
    const { status } = await ask(procedure, input, '');
    if (status < 400 || status >= 500) throw new Error(`${procedure} answered ${status}`);
  }

  const made = await done('keys.create', { name: 'from the console' });
  keep('a key of the console', made.data.key);
  keep('a key that took its place', (await done('keys.rotate', { id: idOf(made.data.apiKey), overlapMs: 0 })).data.key);
  const link = JSON.parse((await shop.cli('open', '--no-open', '--json')).stdout);
  keep('a sign-in link that waits', readFragment(link.url));
}

async function mutate(base: string, procedure: string, input: object, cookie: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-sessionshot': '1', cookie };
  const answer = await fetch(`${base}/trpc/${procedure}`, { method: 'POST', headers, body: JSON.stringify(input) });
  const { result } = await answer.json();
  const session = /ss_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
  return { status: answer.status, data: result?.data ?? {}, session };
}

function expectStatus(answer: Answer, status: number, procedure: string): Answer {
  if (answer.status !== status) throw new Error(`${procedure} answered ${answer.status}`);
  return answer;
}

const readFragment = (url: unknown) => new URL(String(url)).hash.replace('#token=', '');

const idOf = (view: unknown) => (typeof view === 'object' && view !== null ? String(Reflect.get(view, 'id')) : '');
