import type { CDPSession, Page } from 'playwright';
import { matchesHost } from '#shared/allowed-domain.ts';
import { installControls } from '../controls/controls.ts';
import { installRedactHooks, makeRedactEvents } from '../controls/redact-hooks.ts';
import { watchNetwork } from '../readiness/network-activity.ts';
import { settleVisit } from '../readiness/settle-visit.ts';
import type { Seed } from '../session/seed-first-document.ts';
import { applyAuth, authHeaders } from '../session/session.ts';
import { traceAuth } from '../session/trace-auth.ts';
import { judgeVisit } from '../verdict/judge-visit.ts';
import { navigate } from './navigate.ts';
import { guardNavigation } from './navigation-guard.ts';
import type { Tab } from './open-tab.ts';
import type { Visit, VisitOptions } from './visit.ts';

const SETUP_MS_MAX = 15_000;

/** Puts the caller's session and the guards into a blank tab, and brings it to the target, settled. */
export async function visitPage({ context, page, cdp }: Tab, options: VisitOptions): Promise<Visit> {
  const { run, payload, auth, domains } = options;
  const { request, target } = payload;
  const seed = await applySession(page, cdp, options);
  const headers = [{ origins: [target.origin], headers: request.headers ?? {} }, ...authHeaders(auth)];
  const redactEvents = makeRedactEvents();
  if (request.redact.length > 0) await run.within(SETUP_MS_MAX, context.addInitScript(installRedactHooks, redactEvents));
  const controls = await installControls({ page, cdp, run }, request, domains);
  const guard = await run.within(
    SETUP_MS_MAX,
    guardNavigation({ page, cdp, run }, { domains, headers, seed, controls: controls.requests }),
  );
  const network = watchNetwork(page, {
    cdp,
    isOwnHost: (host) => domains.some((entry) => matchesHost(entry.host, host)),
    readinessMs: request.timeouts.readiness,
  });
  const trace = auth ? traceAuth(page, auth) : null;
  const writeReceipt = async () => {
    if (trace && options.observed.auth) options.observed.auth = await trace.finish(options.observed.auth);
  };
  let receipt: Promise<void> | null = null;
  const visit: Visit = {
    ...options,
    context,
    page,
    cdp,
    network,
    guard,
    controls,
    navigatedAt: Date.now(),
    missedWait: null,
    redactEvents,
    undress: null,
    hasVoid: false,
    isPaperOther: false,
    known: null,
    judge: (when) => judgeVisit(visit, when),
    finishReceipt: () => {
      receipt ??= writeReceipt();
      return receipt;
    },
  };
  try {
    run.enter('navigate');
    await navigate(visit);
    visit.navigatedAt = Date.now();
    controls.reproducer?.start();
    run.enter('settle');
    await settleVisit(visit);
    return visit;
  } catch (error) {
    await visit.finishReceipt();
    network.close();
    noteControls(visit);
    throw error;
  }
}

/** Writes down what the controls have done, and ends them. */
export function noteControls({ controls, observed }: Visit): void {
  const report = controls.report();
  if (report) observed.controls = { ...observed.controls, ...report };
  controls.close();
}

async function applySession(page: Page, cdp: CDPSession, options: VisitOptions): Promise<Seed | null> {
  if (!options.auth) return null;
  const { receipt, refused, seed } = await applyAuth({ page, cdp, run: options.run }, options.auth, options.payload.target);
  options.observed.auth = receipt;
  // By its kind alone: people at the console read this sentence, and names are for API keys, in the receipt.
  const first = refused[0];
  if (first)
    throw options.run.fault('auth_not_applied', `${first.kind === 'cookie' ? 'A cookie' : 'A stored item'} was refused: ${first.reason}.`);
  return seed;
}
