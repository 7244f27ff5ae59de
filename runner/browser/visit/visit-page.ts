import type { BrowserContext, CDPSession, Page } from 'playwright';
import { matchesHost } from '#shared/allowed-domain.ts';
import { installRedactHooks, makeRedactEvents } from '../controls/redact-hooks.ts';
import { watchNetwork } from '../readiness/network-activity.ts';
import { installProbe } from '../readiness/readiness-probe.ts';
import { settleVisit } from '../readiness/settle-visit.ts';
import { applyAuth } from '../session/session.ts';
import { judgeVisit } from '../verdict/judge-visit.ts';
import { mirrorEmulation } from './emulation.ts';
import { navigate } from './navigate.ts';
import { guardNavigation } from './navigation-guard.ts';
import type { Visit, VisitOptions } from './visit.ts';

const SETUP_MS_MAX = 15_000;

/** Opens a tab with the caller's session and guards in place, and brings it to the target, settled. */
export async function visitPage(context: BrowserContext, options: VisitOptions): Promise<Visit> {
  const { run, payload, auth, domains } = options;
  const { request, target } = payload;
  await run.within(SETUP_MS_MAX, context.addInitScript(installProbe));
  const redactEvents = makeRedactEvents();
  if (request.redact.length > 0) await run.within(SETUP_MS_MAX, context.addInitScript(installRedactHooks, redactEvents));
  const page = await run.within(SETUP_MS_MAX, context.newPage());
  const cdp = await run.within(SETUP_MS_MAX, context.newCDPSession(page));
  await run.within(SETUP_MS_MAX, mirrorEmulation(page, cdp, request));
  await applySession(page, cdp, options);
  const headers = [
    { origins: [target.origin], headers: request.headers ?? {} },
    { origins: auth?.headerOrigins ?? [], headers: auth?.headers ?? {} },
  ];
  const guard = await run.within(SETUP_MS_MAX, guardNavigation({ page, cdp, run }, { domains, headers }));
  const network = watchNetwork(page, (host) => domains.some((entry) => matchesHost(entry.host, host)));
  const visit: Visit = {
    ...options,
    context,
    page,
    cdp,
    network,
    guard,
    navigatedAt: Date.now(),
    redactEvents,
    judge: (when) => judgeVisit(visit, when),
  };
  try {
    run.enter('navigate');
    await navigate(visit);
    visit.navigatedAt = Date.now();
    run.enter('settle');
    await settleVisit(visit);
    return visit;
  } catch (error) {
    network.close();
    throw error;
  }
}

async function applySession(page: Page, cdp: CDPSession, options: VisitOptions): Promise<void> {
  if (!options.auth) return;
  const { receipt, refused } = await applyAuth({ page, cdp, run: options.run }, options.auth);
  options.observed.auth = receipt;
  const first = refused[0];
  if (first) throw options.run.fault('auth_not_applied', `${first.name}: ${first.reason}.`);
}
