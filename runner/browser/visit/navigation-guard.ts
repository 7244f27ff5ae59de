import type { CDPSession, Page } from 'playwright';
import { type AllowedDomain, matchAllowedDomain } from '#shared/allowed-domain.ts';
import { type Failure, failure, type Step } from '#shared/failure.ts';
import type { CaptureRun } from '../capture-run.ts';
import { watchFrames } from '../controls/attached-frames.ts';
import { type PausedRequest, type RequestControls, refusal, type SendCommand } from '../controls/paused-request.ts';
import type { Seed } from '../session/seed-first-document.ts';
import { looksLikeSignIn } from '../verdict/sign-in-signs.ts';

/** Headers of the caller and the origins that they belong to. */
export type OriginHeaders = { origins: readonly string[]; headers: Record<string, string> };
/** A page with the one CDP session of ours: a second one would take back what the first has emulated. */
export type GuardedTab = { page: Page; cdp: CDPSession; run: CaptureRun };
export type DialogAnswer = { accept: boolean; promptText?: string };
export type NavigationGuard = {
  /** How the next dialogs are answered; until the first call they are dismissed. */
  answerDialogs(answer: DialogAnswer): void;
  /** Judges where the page is now; null when it may be there. */
  judge(href: string, step: Step): Failure | null;
};

const HOLD_MS_MAX = 10_000;
const WINDOW_OPENED =
  'The page opened a window that this browser did not keep from sending, so the capture was not read-only. Use the headless shell, which opens no windows.';

/**
 * Keeps the page where it may be and the caller's headers where they belong.
 *
 * It uses a Fetch session of its own, not `context.route`, for three measured reasons: with `route` a header that was
 * added for one origin follows a redirect to another (a bearer token handed to a stranger), hops of a redirect are not
 * seen at all, and the CORS preflights of the page are answered by Playwright in place of the server. Here each hop
 * is a request of its own, and only documents and requests to the header origins are paused at all.
 */
export async function guardNavigation(
  tab: GuardedTab,
  options: {
    domains: readonly AllowedDomain[];
    headers: readonly OriginHeaders[];
    seed: Seed | null;
    controls: RequestControls | null;
  },
): Promise<NavigationGuard> {
  const { page, cdp, run } = tab;
  const { domains } = options;
  let dialogAnswer: DialogAnswer = { accept: false };
  const context = page.context();
  const asked = cdp.send('Page.getFrameTree');
  const judge = (href: string, step: Step) => navigationFault(href, domains, step);
  const { controls, seed } = options;
  const patterns = [...patternsOf(options.headers), ...(controls?.patterns ?? [])];
  const answer = async (event: PausedRequest, send: SendCommand): Promise<unknown> => {
    if (event.responseStatusCode !== undefined || event.responseErrorReason !== undefined)
      return controls ? controls.answer(event, send) : send('Fetch.continueRequest', { requestId: event.requestId });
    const { frameTree } = await asked;
    const isMainDocument = event.resourceType === 'Document' && event.frameId === frameTree.frame.id;
    const fault = isMainDocument ? judge(event.request.url, 'navigate') : null;
    if (fault) run.stop(fault);
    // A document that would find the session written a second time is not loaded at all.
    if (fault || (isMainDocument && seed && !(await isReadyFor(seed, run))))
      return send('Fetch.failRequest', { requestId: event.requestId, errorReason: 'BlockedByClient' });
    if (controls?.refuses(event, isMainDocument)) return send('Fetch.failRequest', refusal(event));
    return send('Fetch.continueRequest', { requestId: event.requestId, ...withHeaders(event.request, options.headers) });
  };
  const onPaused = (session: CDPSession) => (event: PausedRequest) => {
    // Rejects only when the request or the page is gone, and then nothing waits for the answer.
    answer(event, sendThrough(session)).catch(() => undefined);
  };
  const watch = async (session: CDPSession) => {
    session.on('Fetch.requestPaused', onPaused(session));
    await session.send('Fetch.enable', { patterns });
  };
  const hasHeaders = patternsOf(options.headers).length > 1;
  await Promise.all([asked, watch(cdp)]);
  if (controls)
    await watchFrames(tab, { patterns: controls.patterns, onPaused: (event, send) => void answer(event, send).catch(() => undefined) });
  page.on('framenavigated', (frame) => {
    const href = frame.url();
    if (frame === page.mainFrame()) {
      const fault = href === 'about:blank' || href.startsWith('chrome-error:') ? null : judge(href, 'navigate');
      if (fault) run.stop(fault);
      return;
    }
    // A frame in a process of its own is not covered by the page's session. Most frames are not: that is the rejection.
    const ownSession = hasHeaders ? context.newCDPSession(frame).then(watch) : Promise.resolve();
    ownSession.catch(() => undefined);
  });
  // The headless shell opens no windows. In a full Chromium one has asked for its address before we hear of it. Not every
  // window has an opener, so not every one is told as a popup.
  context.on('page', (opened) => {
    opened.close().catch(() => undefined); // Rejects when it closed itself.
    if (controls?.isReadOnly) run.stop(failure('navigation_blocked', null, { instead: WINDOW_OPENED }));
  });
  page.on('download', (download) => void download.cancel().catch(() => undefined)); // Rejects when it was over already.
  page.on('dialog', (dialog) => {
    // A page that asks "Leave this page?" is left: no dismissal is meant as "stay", and the way to go on would be closed.
    const isLeaving = dialog.type() === 'beforeunload';
    const done = isLeaving ? dialog.accept() : dialogAnswer.accept ? dialog.accept(dialogAnswer.promptText) : dialog.dismiss();
    done.catch(() => undefined); // Rejects when the page left in the meantime, which closes the dialog.
  });
  page.on('crash', () => run.stop(failure('browser_crashed', null)));
  return {
    answerDialogs: (answer) => {
      dialogAnswer = answer;
    },
    judge,
  };
}

/** Waits until the seed may see the next document. False when it could not be asked: the page is gone, or is stuck. */
async function isReadyFor(seed: Seed, run: CaptureRun): Promise<boolean> {
  return await run.within(HOLD_MS_MAX, seed.beforeDocument()).then(
    () => true,
    () => false,
  );
}

/** Says why a main document may not be shown, naming the host to add; null when its URL is https on an allowed host. */
export function navigationFault(href: string, domains: readonly AllowedDomain[], step: Step): Failure | null {
  if (!URL.canParse(href)) return failure('navigation_blocked', step, 'The page navigated to an address that is not a URL.');
  const url = new URL(href);
  const port = Number(url.port || 443);
  if (url.protocol !== 'https:') {
    const where = url.protocol === 'http:' ? `http://${url.host}, which is not encrypted` : `a \`${url.protocol}\` address`;
    return failure('navigation_blocked', step, `The page navigated to ${where}: only https pages are captured.`);
  }
  if (matchAllowedDomain(domains, url.hostname, port)) return null;
  const host = port === 443 ? url.hostname : `${url.hostname}:${port}`;
  if (looksLikeSignIn(href))
    return failure(
      'login_wall',
      step,
      `The page went to sign in at ${host}, which is not an allowed domain; add ${host} if captures may pass through it.`,
    );
  return failure('navigation_blocked', step, `The page navigated to ${host}, which is not an allowed domain; add ${host} to allow it.`);
}

/** The part of a session that takes any command: what is sent is named by whoever answers a request. */
type AnySession = { send(method: string, params: Record<string, unknown>): Promise<unknown> };

function sendThrough(session: AnySession): SendCommand {
  return (method, params) => session.send(method, params);
}

function patternsOf(headers: readonly OriginHeaders[]) {
  const origins = new Set(headers.filter((entry) => Object.keys(entry.headers).length > 0).flatMap((entry) => entry.origins));
  return [
    { urlPattern: '*', resourceType: 'Document' as const },
    ...[...origins].map((origin) => ({ urlPattern: `${origin.replace(/[\\*?]/g, '\\$&')}/*` })),
  ];
}

function withHeaders(
  request: PausedRequest['request'],
  headers: readonly OriginHeaders[],
): { headers?: { name: string; value: string }[] } {
  // A preflight asks on behalf of the page and carries no credentials: with the header on it servers answer wrongly.
  if (request.method === 'OPTIONS' || !URL.canParse(request.url)) return {};
  const { origin } = new URL(request.url);
  const own = Object.entries(request.headers).map(([name, value]) => ({ name, value }));
  const present = new Set(own.map((header) => header.name.toLowerCase()));
  // What the page itself sends wins, so that a token that the app has rotated since is not replaced by the spent one.
  const added = headers
    .filter((entry) => entry.origins.includes(origin))
    .flatMap((entry) => Object.entries(entry.headers).map(([name, value]) => ({ name, value })))
    .filter((header) => isDefaultHeader(header.name) || !present.has(header.name.toLowerCase()));
  if (added.length === 0) return {};
  const replaced = new Set(added.map((header) => header.name.toLowerCase()));
  return { headers: [...own.filter((header) => !replaced.has(header.name.toLowerCase())), ...added] };
}

/** Headers that the browser sets by itself on every request: there the caller's value is the one that is meant. */
function isDefaultHeader(name: string): boolean {
  return /^(accept|accept-language|user-agent|referer|upgrade-insecure-requests|cache-control|pragma|sec-.*)$/i.test(name);
}
