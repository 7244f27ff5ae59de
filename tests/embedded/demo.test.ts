import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataDir } from '#server/embedded/data-dir.ts';
import { type EmbeddedDemo, startEmbeddedDemo } from '#server/embedded/embedded-demo.ts';
import { isAlive } from '#server/embedded/process-record.ts';
import { makeDataFolder } from './data-folder.ts';

// The demo is what the first capture is judged by: its wall must hold, or an authenticated picture would prove nothing.
type Headers = { cookie?: string; authorization?: string };
const folder = makeDataFolder();
let demo: EmbeddedDemo;
let cookie = '';
let token = '';

beforeAll(async () => {
  demo = await startEmbeddedDemo(openDataDir(folder.path), process.env.PATH ?? '');
  const state = JSON.parse(readFileSync(demo.stateFile, 'utf8'));
  cookie = `${state.cookies[0].name}=${state.cookies[0].value}`;
  token = state.origins[0].localStorage[0].value;
});
afterAll(async () => {
  await demo.close();
  folder.remove();
});

function get(
  path: string,
  headers: Headers = {},
  ca = readFileSync(demo.caFile, 'utf8'),
): Promise<{ status: number; location: string | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, demo.origin), { headers, ca, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (piece) => (body += piece));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, body }));
    });
    call.on('error', reject).end();
  });
}

test('the page is served by the cookie; without it or with a broken one it leads to /login', async () => {
  expect(await get('/', { cookie })).toMatchObject({ status: 200, body: expect.stringContaining('aria-busy="true"') });
  for (const headers of [{}, { cookie: `${cookie}x` }, { cookie: 'other=1' }])
    expect(await get('/', headers)).toMatchObject({ status: 302, location: '/login' });
});

test('the data needs cookie and token, and holds this start’s user and the rows of the table', async () => {
  const authorization = `Bearer ${token}`;
  const report = await get('/api/report', { cookie, authorization });
  expect(report.status).toBe(200);
  const { user, accounts } = JSON.parse(report.body);
  expect(user).toBe(demo.user);
  expect(accounts.length).toBeGreaterThanOrEqual(60);
  for (const headers of [{ cookie }, { authorization }, { cookie, authorization: `${authorization}x` }])
    expect((await get('/api/report', headers)).status).toBe(401);
});

test('the user’s name is in no page and no script: only the data brings it', async () => {
  for (const path of ['/', '/login', '/dashboard.js', '/chart.js']) expect((await get(path, { cookie })).body).not.toContain(demo.user);
});

test('a client that does not know its CA refuses it', async () => {
  await expect(get('/', {}, '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n')).rejects.toThrow();
});

test('the signed-in state is private to the owner', () => {
  expect(statSync(demo.stateFile).mode & 0o777).toBe(0o600);
});

test('the next start has another user and the same port, and knows the sessions of the last', async () => {
  const before = demo;
  await demo.close();
  expect(isAlive(before)).toBe(false);
  demo = await startEmbeddedDemo(openDataDir(folder.path), process.env.PATH ?? '');
  expect(demo.port).toBe(before.port);
  expect(demo.user).not.toBe(before.user);
  const report = await get('/api/report', { cookie, authorization: `Bearer ${token}` });
  expect(JSON.parse(report.body).user, 'what was queued before a restart is still signed in').toBe(before.user);
});
