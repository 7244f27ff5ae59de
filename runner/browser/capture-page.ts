import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright';
import { makeReceipt } from '#shared/auth-receipt.ts';
import { type Failure, failure } from '#shared/failure.ts';
import { CONTENT_TYPES, EXTENSIONS } from '#shared/output.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import { shownUrl } from '#shared/target-url.ts';
import type { AttemptScope } from '../attempt-scope.ts';
import { CaptureFault, type CaptureRun, longestStep, startRun, WaitExpired } from './capture-run.ts';
import { classifyPlaywrightError, threwInPage, UNREADABLE } from './classify-playwright-error.ts';
import { redactObserved, redactText } from './controls/redact-report.ts';
import { createTextSearch, type TextSearch } from './controls/redact-search.ts';
import { withoutRemedy } from './readiness/late-page.ts';
import type { Rendered } from './render/rendered.ts';
import { verdictOf } from './verdict/verdict.ts';
import { drawPicture } from './visit/draw-picture.ts';
import { dressTab, openTabFor, type Tab } from './visit/open-tab.ts';
import { preparePicture } from './visit/prepare-picture.ts';
import type { VisitInput } from './visit/visit.ts';
import { noteControls, visitPage } from './visit/visit-page.ts';

/**
 * The conductor of a capture: session, navigation, settling, actions, judgement, picture, and the judgement once more.
 * What lies in this folder drives Chromium and nothing else; it knows neither the queue nor the storage.
 */
export type CapturePageInput = VisitInput;
export type CaptureResult =
  | {
      ok: true;
      file: string;
      contentType: string;
      bytes: number;
      sha256: string;
      /** In base64, as stores want it. */
      md5: string;
      width: number | null;
      height: number | null;
      pages: number | null;
      observed: Observed;
    }
  | { ok: false; failure: Failure; observed: Observed; sideEffects: boolean };

const CLOSE_MS_MAX = 5000;
/** How far the timers of runner, browser and page may be apart. */
const TIMERS_APART_MS = 100;
const OPEN_MS_MAX = 15_000;

/**
 * Captures one page in a fresh context of the lent browser and leaves the result in a file of `spoolDir`, which is the
 * caller's to delete. Never rejects: every outcome is a result. Ends by `scope.deadline`, at once when `scope.signal` or
 * `lease.crashed` fires, give or take the bounded closing of the context.
 */
export async function capturePage(input: CapturePageInput, scope: AttemptScope): Promise<CaptureResult> {
  const run = startRun(scope, input.lease.crashed);
  const observed: Observed = {
    finalUrl: null,
    httpStatus: null,
    verdict: null,
    partial: false,
    timings: {},
    readiness: null,
    egress: null,
    auth: null,
    controls: null,
  };
  const search = createTextSearch(input.payload.request.redact);
  const noteEgress = async () => {
    observed.timings = run.timings();
    observed.egress = { hosts: input.lease.proxy.hosts(), blocked: input.lease.proxy.blocked() };
    await redactObserved(observed, search);
  };
  let context = input.lease.tab?.context ?? null;
  try {
    run.enter('session');
    const tab = await takeTab({ input, run, observed });
    context = tab.context;
    const captured = await captureIn(tab, { input, run, observed, search });
    await noteEgress();
    return { ok: true, ...captured, observed };
  } catch (error) {
    const reason = reasonOf(error, run, scope);
    // What draws and what is blank until then belong to the whole browser: it may be busy with this page for minutes more.
    if (/^(session|render)$/.test(run.step() ?? '') && /_timeout$|^browser_crashed$/.test(reason.code)) input.lease.distrust();
    observed.verdict ??= verdictOf(reason.code);
    // First of all: it names the remedy. Where it cannot be searched in time, what the code says of itself is told.
    const detail = (await redactText(reason.detail, search)) ?? failure(reason.code, reason.step).detail;
    await noteEgress();
    return { ok: false, failure: { ...reason, detail }, observed, sideEffects: run.hadSideEffect() };
  } finally {
    search.close();
    run.close();
    const open = context;
    if (open) input.lease.defer(() => closeContext(open, scope));
  }
}

/** Takes the tab that was made ahead, if the lease has one, or opens one as the request needs it. */
async function takeTab({ input, run, observed }: Omit<Capture, 'search'>): Promise<Tab> {
  const { lease, payload, auth } = input;
  if (lease.tab) {
    await run.within(OPEN_MS_MAX, dressTab(lease.tab, payload.request));
    return lease.tab;
  }
  const opening = openTabFor(lease.browser, lease.contextOptions, { request: payload.request, auth });
  try {
    return await run.within(OPEN_MS_MAX, opening);
  } catch (error) {
    // It may still open after we gave up on it: then it is closed where nobody else would.
    const closed = endsWithin(
      CLOSE_MS_MAX,
      opening.then((late) => late.context.close()),
    ).then(() => undefined);
    lease.defer(() => closed);
    // A browser that is late or gone says nothing of the state: that is no fault of the caller's, and another may do it.
    // What is thrown then may be of the page that Playwright opens for it: a navigation that was cut off, a lost context.
    if (!lease.browser.isConnected()) throw run.fault('browser_crashed');
    const isOfBrowser = error instanceof CaptureFault || error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'gone';
    if (isOfBrowser || !auth?.indexedDB.length) throw error;
    const refused = { name: 'auth.storageState', reason: 'its IndexedDB part could not be restored', kind: 'indexedDB' as const };
    observed.auth = makeReceipt({ cookies: 0, origins: 0, rejected: [...auth.rejected, refused] }, []);
    throw run.fault('auth_not_applied', `\`${refused.name}\`: ${refused.reason}.`);
  }
}

type Capture = { input: CapturePageInput; run: CaptureRun; observed: Observed; search: TextSearch };

async function captureIn(tab: Tab, capture: Capture): Promise<Spooled> {
  const { input, run, observed, search } = capture;
  const visit = await visitPage(tab, { ...input, run, observed, search });
  try {
    await preparePicture(visit);
    await visit.judge('first');
    run.enter('render');
    const rendered = await drawPicture(visit);
    // The page may have gone elsewhere while it was drawn: then the picture is not of what was judged.
    const judged = Promise.all([visit.judge('again'), visit.finishReceipt()]);
    const digests = digestsOf(rendered.bytes); // while the browser answers
    await judged;
    return await spool(input, rendered, digests);
  } finally {
    await visit.finishReceipt();
    observed.finalUrl = shownUrl(visit.page.url()) || null;
    observed.httpStatus = visit.network.documentStatus();
    visit.network.close();
    noteControls(visit);
  }
}

type Spooled = Omit<Extract<CaptureResult, { ok: true }>, 'ok' | 'observed'>;

function digestsOf(bytes: Buffer) {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), md5: createHash('md5').update(bytes).digest('base64') };
}

async function spool(input: CapturePageInput, rendered: Rendered, digests: ReturnType<typeof digestsOf>): Promise<Spooled> {
  const { format } = input.payload.request.output;
  const file = join(input.spoolDir, `${randomUUID()}.${EXTENSIONS[format]}`);
  await writeFile(file, rendered.bytes, { mode: 0o600, flag: 'wx' });
  const { width, height, pages, bytes } = rendered;
  return { file, contentType: CONTENT_TYPES[format], bytes: bytes.length, ...digests, width, height, pages };
}

/** What ended the run counts before what was thrown: a wait that fails because its page was closed is only an echo. */
function reasonOf(error: unknown, run: CaptureRun, scope: AttemptScope): Failure {
  const stopped = run.stopped();
  if (stopped) return stopped;
  const thrown = failureOf(error, run, scope);
  // A wait that the total cut short ends in the same moment as the total, and any of the timers of runner, browser and
  // page may be the first. What it waited for is still told, with the remedy of the total.
  if (thrown.code !== 'readiness_timeout' || Date.now() < scope.deadline - TIMERS_APART_MS) return thrown;
  return failure('total_timeout', thrown.step, `${withoutRemedy(thrown.detail)} ${longestStep(run.timings())}`.trim());
}

function failureOf(error: unknown, run: CaptureRun, scope: AttemptScope): Failure {
  if (error instanceof CaptureFault) return error.failure;
  const step = run.step();
  // Before the page is asked for, nothing but the browser can be late.
  if (error instanceof WaitExpired && step === 'session') return failure('browser_crashed', step, 'The browser did not answer in time.');
  if (error instanceof WaitExpired) return failure('readiness_timeout', step, 'The page did not answer the browser.');
  const { kind } = classifyPlaywrightError(error);
  if (kind === 'gone') return failure('browser_crashed', step);
  if (kind === 'timeout') return failure('readiness_timeout', step, 'The page did not answer the browser.');
  // The message may quote selectors and values of the request, so only the kind is logged.
  scope.log.error('capture ended by an unexpected error', {
    reason: error instanceof Error ? error.name : typeof error,
    state: kind,
    step: step ?? undefined,
  });
  return threwInPage(error) ? failure('readiness_timeout', step, UNREADABLE) : failure('internal', step);
}

async function closeContext(context: BrowserContext, scope: AttemptScope): Promise<void> {
  if (!(await endsWithin(CLOSE_MS_MAX, context.close()))) scope.log.warn('a browser context did not close in time', { ms: CLOSE_MS_MAX });
}

/** Tells whether `closing` was over within `ms`. It rejects when the browser is gone, and the context with it. */
async function endsWithin(ms: number, closing: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  const closed = closing.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([closed, late]);
  clearTimeout(timer);
  return inTime;
}
