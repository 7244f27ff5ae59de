import type { CDPSession } from 'playwright';

const GROUP = 'sessionshot-listeners';

/**
 * Whether the page listens to an event of these types on one of the objects that the expressions name, where `ours` of the
 * listeners on each are not the page's. Chromium is asked, not the page: it also knows what was set as an attribute.
 * Rejects when the page is gone.
 */
export async function listensTo(cdp: CDPSession, expressions: readonly string[], types: RegExp, ours = 0): Promise<boolean> {
  const told = await Promise.all(
    expressions.map(async (expression) => {
      const { result } = await cdp.send('Runtime.evaluate', { expression, objectGroup: GROUP });
      if (!result.objectId) return false;
      const { listeners } = await cdp.send('DOMDebugger.getEventListeners', { objectId: result.objectId });
      return listeners.filter(({ type }) => types.test(type)).length > ours;
    }),
  );
  // Nobody waits for it; where it fails the page is gone, and with it what was to be released.
  cdp.send('Runtime.releaseObjectGroup', { objectGroup: GROUP }).catch(() => undefined);
  return told.includes(true);
}
