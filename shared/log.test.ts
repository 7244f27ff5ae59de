import { expect, test } from 'vitest';
import { makeToken } from './api-key.ts';
import { createLog, describeError, type LogFields, scrub } from './log.ts';
import { secret } from './secret.ts';

const CANARY = 'Zm9vYmFyCanary9173';
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.${CANARY}`;
const jwe = `eyJhbGciOiJFQ0RILUVTIn0..aXYxMjM0.${CANARY}.dGFn`;

const SECRETS: readonly [what: string, text: string][] = [
  ['an API key', makeToken('apiKey')],
  ['a runner’s token', makeToken('runner')],
  ['a webhook secret', `whsec_${CANARY}+/=`],
  ['a bearer token', `Authorization: Bearer ${CANARY}`],
  ['a bearer token in lower case', `authorization: bearer ${CANARY}`],
  ['basic credentials', `Authorization: Basic ${CANARY}==`],
  ['a JWT', jwt],
  ['a JWE', jwe],
  ['a signed URL', `GET https://store.example/c/b.png?sv=2026&sig=${CANARY}%3D&se=1`],
  ['a token in a query', `https://app.example.com/?token=${CANARY}`],
  ['a code in a query', `https://app.example.com/cb?state=1&code=${CANARY}`],
  ['an access token in a query', `https://app.example.com/?access_token=${CANARY}&x=1`],
  ['the password of a database URL', `connect postgres://sessionshot:${CANARY}@db:5432/x failed`],
  ['the password of a broker URL', `amqp://runner:${CANARY}@mq:5672`],
  ['a cookie of a request', `GET / HTTP/1.1\r\nCookie: theme=dark; sid=${CANARY}\r\nHost: app.example.com`],
  ['a cookie in lower case and in quotes', `sent cookie: sid="${CANARY}"; theme=dark`],
  ['a cookie of an answer', `Set-Cookie: __Host-sid=${CANARY}; Path=/; Secure; HttpOnly`],
  ['a cookie among headers in JSON', JSON.stringify({ cookie: `sid=${CANARY}`, accept: '*/*' })],
  ['cookies among headers as Node prints them', `{ 'set-cookie': [ 'sid=${CANARY}; Path=/', 'b=${CANARY}' ] }`],
  ['a storage key', `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${CANARY}+/==;EndpointSuffix=x`],
];

function lines(write: (log: ReturnType<typeof createLog>) => void, level: 'debug' | 'info' | 'warn' | 'error' = 'debug'): string[] {
  const out: string[] = [];
  write(createLog('test', level, (line) => out.push(line)));
  return out;
}

test.each(SECRETS)('%s does not survive, wherever in a line it stands', (_what, text) => {
  const error = new Error(`failed with ${text}`);
  const [line = ''] = lines((log) => log.error(text, { reason: text, path: text, route: `a\n${text}`, host: `\t${text}\r\nb`, error }));
  const shown = text.includes(CANARY) ? CANARY : text;
  expect(line).not.toContain(shown);
  expect(line).toContain('[secret]');
  expect(() => JSON.parse(line)).not.toThrow();
});

test.each([
  'Basic setup of the runner: 3 captures of https://app.example.com/a?page=2&sort=key, 200 OK, task_live_1',
  'A cookie was refused: it has no name. 2 cookies: too many; auth.cookies[3].value, cookie-faults.ts:18:3',
])('ordinary text is left as it is: %s', (text) => {
  expect(scrub(text)).toBe(text);
});

test('of a text with a cookie the other lines stay, and a megabyte of what looks like cookies takes no time', () => {
  expect(scrub(`Host: a.example\r\nCookie: sid=${CANARY}\r\nAccept: */*`)).toBe('Host: a.example\r\n[secret]\r\nAccept: */*');
  expect(scrub(JSON.stringify(`Cookie: sid=${CANARY}\nAccept: */*`))).toBe('"[secret]\\nAccept: */*"');
  for (const text of ['Cookie:', 'Cookie: ', 'Set-', 'Cookie:\\', 'Cookie:\t \n']) {
    const startedAt = performance.now();
    scrub(text.repeat(1_000_000 / text.length));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  }
});

test('only named fields are written: a stray object takes nothing along', () => {
  const stray: LogFields & Record<string, unknown> = { captureId: 'cap_1', body: CANARY, headers: { cookie: CANARY }, auth: CANARY };
  const [line = ''] = lines((log) => log.info('accepted', stray));
  expect(line).not.toContain(CANARY);
  expect(JSON.parse(line)).toMatchObject({ level: 'info', part: 'test', message: 'accepted', captureId: 'cap_1' });
  expect(Object.keys(JSON.parse(line)).sort()).toEqual(['captureId', 'level', 'message', 'part', 'time']);
});

test('an error is its name, its first line and its place; never its other members or its cause', () => {
  const error = Object.assign(new Error(`first line\nsecond ${CANARY}`, { cause: new Error(CANARY) }), { config: { headers: CANARY } });
  const [line = ''] = lines((log) => log.warn('failed', { error }));
  expect(line).not.toContain(CANARY);
  expect(JSON.parse(line).error).toMatchObject({ name: 'Error', message: 'first line' });
  expect(describeError('text\nmore')).toEqual({ name: 'NonError', message: 'text' });
});

test('a secret that is logged by mistake shows as [secret]', () => {
  const token = secret(CANARY);
  expect(`${token} ${JSON.stringify({ token })} ${String(token)}`).not.toContain(CANARY);
  expect(token.reveal()).toBe(CANARY);
});

test('lines below the level are not written', () => {
  const out = lines((log) => {
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
  }, 'warn');
  expect(out.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
});
