import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, isExpiry, navigationFailure } from '../classify-playwright-error.ts';
import type { Visit } from './visit.ts';

/** How long the network is quiet before a document that is still being read is taken as stalled. */
const STALLED_MS = 500;

/** Goes to the target. In `auto` the first document is enough here: the settling that follows waits for the rest. */
export async function navigate(visit: Visit): Promise<void> {
  const { page, run, payload, lease } = visit;
  const { timeouts, waitUntil, onTimeout } = payload.request;
  const until = Date.now() + run.left(timeouts.navigation);
  const state = waitUntil === 'auto' || waitUntil === 'domcontentloaded' ? 'domcontentloaded' : 'load';
  try {
    await run.within(until - Date.now() + 500, page.goto(payload.target.href, { waitUntil: 'commit', timeout: until - Date.now() }));
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (error instanceof WaitExpired) throw run.fault('navigation_timeout');
    const kind = classifyPlaywrightError(error);
    // The guard's refusal ends the navigation too, and it alone knows the reason.
    if (kind.kind !== 'navigated') {
      const { network } = visit;
      const isConditional = Object.keys(payload.request.headers ?? {}).some((header) => /^if-(none-match|modified-since)$/i.test(header));
      const told = {
        proxy: lease.proxy,
        documentStatus: network.documentStatus(),
        isAnswered: network.responses().length > 0,
        isConditional,
      };
      throw new CaptureFault(run.stopped() ?? navigationFailure(kind, payload.target.host, told));
    }
  }
  if (waitUntil === 'commit') return;
  try {
    const timeout = Math.max(1, until - Date.now());
    const loaded = page.waitForLoadState(state, { timeout });
    // A document that waits for a script that never comes, or was opened by a script and never closed, has no such
    // state. Where nothing is on its way any more, the settling judges what is there.
    const stalled = waitUntil === 'auto' ? visit.network.whenQuiet(STALLED_MS) : loaded;
    await run.within(timeout + 500, Promise.race([loaded, stalled]));
    loaded.catch(() => undefined); // Nobody asks any more.
  } catch (error) {
    if (!isExpiry(error)) throw error;
    if (onTimeout === 'fail') throw run.fault('navigation_timeout');
    visit.observed.partial = true;
  }
}
