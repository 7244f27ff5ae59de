import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, revokeApiKey } from '#server/domain/access/api-keys.ts';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import type { Claim, CompleteRequest } from '#shared/runner-protocol.ts';
import { drawDashboard } from './draw-dashboard.ts';
import { assetOf, createStandIn, type StandIn } from './stand-in-runner.ts';
import type { Console } from './start-console.ts';

const DAY_MS = 86_400_000;

/** The captures of a seeded console, one of each kind. */
export type Seeded = {
  standIn: StandIn;
  png: string;
  pdf: string;
  failed: string;
  canceled: string;
  running: string;
  runningClaim: Claim;
  queued: string;
};

/** Fills a console as after a working day: domains, keys in each state, and captures in each status. */
export async function seedConsole(console: Console, browser: Browser, fillers = 0): Promise<Seeded> {
  const standIn = await createStandIn(console);
  const { png, pdf } = await drawDashboard(browser);
  await seedAccess(console);
  const finish = async (output: 'png' | 'pdf', more: Record<string, unknown> = {}) => {
    const id = await requestCapture(console, { output: { format: output }, ...more });
    const claim = await standIn.claim();
    const asset =
      output === 'pdf' ? assetOf(pdf, 'application/pdf', { pages: 1 }) : assetOf(png, 'image/png', { width: 1280, height: 900 });
    await standIn.complete(claim, asset, OBSERVED);
    return id;
  };
  for (let i = 0; i < fillers; i++) await finish('png', { url: `https://app.example.com/teams/${i}/overview` });
  const canceled = await requestCapture(console, { url: 'https://app.example.com/exports/weekly', output: { format: 'jpeg' } });
  await cancelCapture(console.app.deps, console.operator, canceled);
  const failed = await requestCapture(console, { url: 'https://billing.example.org/accounts/7/invoices', output: { format: 'pdf' } });
  await standIn.fail(
    await standIn.claim(),
    { code: 'login_wall', detail: LOGIN_WALL, step: 'navigate' },
    { ...OBSERVED, verdict: 'login_wall' },
  );
  const pdfId = await finish('pdf', {
    url: 'https://app.example.com/reports/quarterly?team=9',
    tags: { customer: '42', kind: 'report' },
    reference: 'invoice-7',
  });
  const pngId = await finish('png', { url: 'https://eu.dashboards.example.com/boards/revenue', tags: { customer: '42' } });
  const running = await requestCapture(console, { url: 'https://app.example.com/boards/live', output: { format: 'webp' } });
  const runningClaim = await standIn.claim();
  standIn.step(runningClaim, 'navigate');
  await keepRunning(console, runningClaim);
  const queued = await requestCapture(console, { url: 'https://app.example.com/reports/42', output: { format: 'png' } });
  return { standIn, png: pngId, pdf: pdfId, failed, canceled, running, runningClaim, queued };
}

/** Nobody reports for it again: when its lease ended in a slow run, it would be claimed in place of what a test asks for. */
async function keepRunning({ app, operator }: Console, { jobId }: Claim): Promise<void> {
  const em = app.deps.db.inWorkspace(operator.workspaceId);
  for (let tries = 0; tries < 100; tries++) {
    const kept = await em.execute<unknown[]>(
      `update job set lease_until = now() + interval '1 hour' where id = ? and step = 'navigate' returning id`,
      [jobId],
    );
    if (kept.length > 0) return;
    await wait(100);
  }
  throw new Error('the step of the running capture was not written down');
}

/** Asks for a capture with a session, as a program would. */
export async function requestCapture(console: Console, more: Record<string, unknown> = {}): Promise<string> {
  const body = {
    url: 'https://app.example.com/reports/42',
    auth: { cookies: [{ name: 'sid', value: 'a-cookie' }], localStorage: { token: 'a-token' } },
    output: { format: 'png' },
    ...more,
  };
  const { capture } = await createCapture(console.app.deps, console.operator, captureRequestSchema.parse(body), { body });
  return capture.id;
}

async function seedAccess({ app, operator }: Console): Promise<void> {
  for (const domain of ['app.example.com', '*.dashboards.example.com', 'billing.example.org'])
    await addAllowedDomain(app.deps, operator, { domain, isPrivate: false });
  const scopes = ['captures:create', 'captures:read'] as const;
  const { apiKey } = await createApiKey(app.deps, operator, { name: 'old-exporter', scopes });
  await revokeApiKey(app.deps, operator, apiKey.id);
  await createApiKey(app.deps, operator, { name: 'nightly-snapshots', scopes, domains: ['billing.example.org'], expiresInMs: 3 * DAY_MS });
  await createApiKey(app.deps, operator, { name: 'billing-reports', scopes: [...scopes, 'captures:delete'], expiresInMs: 90 * DAY_MS });
}

const LOGIN_WALL =
  'The page asked to sign in, so nothing was stored. Send a fresh auth state; if the site rotates its session on first use, the state may already be spent.';

const OBSERVED: CompleteRequest['observed'] = {
  finalUrl: null,
  httpStatus: 200,
  verdict: 'authenticated',
  timings: { session: 38, navigate: 412, settle: 236, actions: 0, render: 144, store: 21 },
  readiness: { settledBy: 'auto', network: 180, dom: 236, fonts: 64, images: 122 },
  egress: { hosts: ['app.example.com', 'fonts.example.net'], blocked: [{ host: '169.254.169.254', reason: 'private address' }] },
  auth: { cookies: 2, origins: 1, rejected: [{ name: 'tracking', reason: 'domain mismatch' }] },
};
