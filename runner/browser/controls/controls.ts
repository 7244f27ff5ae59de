import { randomUUID } from 'node:crypto';
import type { CDPSession, Page } from 'playwright';
import { z } from 'zod';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import type { CaptureRun } from '../capture-run.ts';
import { globSource } from '../glob.ts';
import { createBlockRules } from './block-rules.ts';
import { installReadOnly } from './page-read-only.ts';
import { installNoWindows } from './page-windows.ts';
import type { FetchPattern, PausedRequest, RequestControls, SendCommand } from './paused-request.ts';
import { createReadOnlyRules, type ReadOnlyRules } from './read-only.ts';
import { clockStart, makeReproducible, type Reproducer } from './reproduce.ts';
import { stillImage } from './still-image.ts';

/**
 * What a request asks to be kept from a page or held still in it: `readOnly`, `block` and `reproducible`. Here is what
 * has to be in place before the first document; `null` everywhere when the request asks for nothing.
 */
export type Controls = {
  /** For the guard, which holds the page's requests; null when none has to be held for our sake. */
  requests: RequestControls | null;
  reproducer: Reproducer | null;
  report(): Partial<NonNullable<Observed['controls']>> | null;
  close(): void;
};
export type ControlledTab = { page: Page; cdp: CDPSession; run: CaptureRun };

const SETUP_MS_MAX = 5000;
/** A page's address may be any number of megabytes long. */
const TOLD_CHARS_MAX = 4096;
const told = z.object({ url: z.string().max(TOLD_CHARS_MAX), method: z.string().max(20).optional() });
const IMAGE_BYTES_MAX = 20 * 1024 * 1024;
/**
 * Worker scripts are of this type. A policy on their answer binds the worker and those that it makes up itself, and means
 * nothing to other answers. A worker that it starts from the network would get none: such are refused.
 */
const WORKER_POLICY = { name: 'content-security-policy', value: 'connect-src http: https: data: blob:; worker-src data: blob:' };

/** Prepares a page that has loaded nothing yet; it may have been open for a while. */
export async function installControls(tab: ControlledTab, request: Request, domains: readonly AllowedDomain[]): Promise<Controls> {
  const { block } = request;
  const time = clockStart(request);
  const allow = request.readOnly === false ? null : request.readOnly === true ? [] : request.readOnly.allow;
  const readOnly = allow ? createReadOnlyRules(allow) : null;
  if (readOnly && allow) await closeWaysOut(tab, allow, readOnly);
  const blocks = block.ads || block.cookieBanners || block.urls.length + block.resourceTypes.length > 0;
  const blocking = blocks ? await createBlockRules(block, domains) : null;
  const reproducer = time === null ? null : await makeReproducible(tab, time);
  const patterns: FetchPattern[] = [
    ...(readOnly || blocking ? [{ urlPattern: '*' }] : []),
    ...(readOnly ? [{ urlPattern: '*', resourceType: 'Other' as const, requestStage: 'Response' as const }] : []),
    ...(reproducer ? [{ urlPattern: '*', resourceType: 'Image' as const, requestStage: 'Response' as const }] : []),
  ];
  const requests: RequestControls = {
    patterns,
    isReadOnly: readOnly !== null,
    refuses: (event, isMainDocument) => {
      const isBlocked = blocking?.refuses(event, isMainDocument) ?? false;
      return isBlocked || (readOnly?.refuses(event) ?? false);
    },
    answer: (event, send) => answerResponse(event, send),
  };
  return {
    requests: patterns.length > 0 ? requests : null,
    reproducer,
    report: () =>
      readOnly || blocking || reproducer
        ? {
            ...(readOnly ? { readOnly: { blocked: readOnly.blocked() } } : {}),
            ...(blocking ? { block: blocking.report() } : {}),
            ...(reproducer ? { reproducible: { fixed: reproducer.fixed(request.output.format) } } : {}),
          }
        : null,
    close: () => reproducer?.close(),
  };
}

type Request = Pick<CaptureRequest, 'block' | 'readOnly' | 'reproducible' | 'output'>;

/** Keeps WebSockets from sending and windows from opening, and hears of each by a function that no page script sees. */
async function closeWaysOut({ page, cdp, run }: ControlledTab, allow: readonly string[], rules: ReadOnlyRules): Promise<void> {
  const tell = `_${randomUUID().replaceAll('-', '')}`;
  cdp.on('Runtime.bindingCalled', (event) => {
    const given = event.name === tell ? readTold(event.payload) : null;
    if (given?.method !== undefined) rules.refuseWindow(given.method, given.url);
    else if (given) rules.refuseMessage(given.url);
  });
  // What came past our own script; in the headless shell the browser has refused it.
  cdp.on('Page.windowOpen', (event) => rules.refuseWindow('OPEN', event.url));
  await run.within(SETUP_MS_MAX, cdp.send('Runtime.enable'));
  await run.within(SETUP_MS_MAX, cdp.send('Runtime.addBinding', { name: tell }));
  await run.within(SETUP_MS_MAX, page.addInitScript(installNoWindows, { tell }));
  await run.within(SETUP_MS_MAX, page.addInitScript(installReadOnly, { tell, allow: allow.map(globSource) }));
}

function readTold(payload: string): { url: string; method?: string | undefined } | null {
  try {
    return told.parse(JSON.parse(payload));
  } catch {
    return null; // Said by a page that has found the function: it is told nothing, and nothing is noted.
  }
}

async function answerResponse(event: PausedRequest, send: SendCommand): Promise<void> {
  const { requestId } = event;
  const status = event.responseStatusCode;
  const headers = event.responseHeaders ?? [];
  if (event.resourceType === 'Other' && status !== undefined) {
    await send('Fetch.continueResponse', { requestId, responseCode: status, responseHeaders: [...headers, WORKER_POLICY] });
    return;
  }
  const still = event.resourceType === 'Image' && status === 200 && mayMove(headers) ? await readStill(event, send) : null;
  if (!still) {
    await send('Fetch.continueRequest', { requestId });
    return;
  }
  const kept = headers.filter(({ name }) => !/^(content-length|content-encoding|transfer-encoding)$/i.test(name));
  await send('Fetch.fulfillRequest', { requestId, responseCode: status, responseHeaders: kept, body: still.toString('base64') });
}

/** Reads only pictures of a kind and size that may be animated: each one read passes through this process. */
function mayMove(headers: readonly { name: string; value: string }[]): boolean {
  const headerOf = (wanted: string) => headers.find(({ name }) => name.toLowerCase() === wanted)?.value ?? '';
  return /image\/(gif|png|apng|webp)/i.test(headerOf('content-type')) && Number(headerOf('content-length')) <= IMAGE_BYTES_MAX;
}

async function readStill({ requestId }: PausedRequest, send: SendCommand): Promise<Buffer | null> {
  const answer = await send('Fetch.getResponseBody', { requestId });
  if (answer === null || typeof answer !== 'object' || !('body' in answer) || typeof answer.body !== 'string') return null;
  const isBase64 = 'base64Encoded' in answer && answer.base64Encoded === true;
  return stillImage(Buffer.from(answer.body, isBase64 ? 'base64' : 'latin1'));
}
