import type { BrowserContext, CDPSession, Page } from 'playwright';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import type { CapturePayload } from '#shared/sealed-payload.ts';
import type { CaptureRun } from '../capture-run.ts';
import type { Controls } from '../controls/controls.ts';
import type { RedactEvents } from '../controls/redact-hooks.ts';
import type { TextSearch } from '../controls/redact-search.ts';
import type { BrowserLease } from '../launch/browser-pool.ts';
import type { NetworkActivity } from '../readiness/network-activity.ts';
import type { KnownFacts } from '../verdict/page-facts.ts';
import type { NavigationGuard } from './navigation-guard.ts';

/** What a capture is made from: a lent browser, the opened request, its session, and where the result goes. */
export type VisitInput = {
  lease: BrowserLease;
  payload: CapturePayload;
  auth: ResolvedAuth | null;
  domains: AllowedDomain[];
  /** Folder for the result, on a disk that the browser's user cannot read. */
  spoolDir: string;
  assetBytesMax: number;
};
export type VisitOptions = VisitInput & { run: CaptureRun; observed: Observed; search: TextSearch };

/** A page on its way to the picture, and everything that watches it. */
export type Visit = VisitOptions & {
  context: BrowserContext;
  page: Page;
  cdp: CDPSession;
  network: NetworkActivity;
  guard: NavigationGuard;
  controls: Controls;
  navigatedAt: number;
  /** The first `waitFor` that a partial capture went on without. */
  missedWait: string | null;
  redactEvents: RedactEvents;
  /** Gives the page back the medium and the view that the caller's checks were met on; null where it has them. */
  undress: (() => Promise<void>) | null;
  /** Whether a full page had a stretch that nothing was drawn in. */
  hasVoid: boolean;
  /** Whether the paper shows something else than the page that was judged, and so is judged too. */
  isPaperOther: boolean;
  /** What was last read of the page, as long as it is the same page. */
  known: KnownFacts | null;
  /** Throws unless the page may be pictured; `again` is the look after the picture, which waits for nothing. */
  judge(when: 'early' | 'first' | 'again'): Promise<void>;
  /** Writes into `observed.auth` what became of each part of the session, once. Never rejects. */
  finishReceipt(): Promise<void>;
};
