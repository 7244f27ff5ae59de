import type { CDPSession } from 'playwright';

const GROUP = 'sessionshot-listeners';

/**
 * Whether the page listens to an event of these types on one of the objects that the expressions name. Chromium is asked,
 * not the page: it also knows what was set as an attribute. Rejects when the page is gone.
 */
export async function listensTo(cdp: CDPSession, expressions: readonly string[], types: RegExp): Promise<boolean> {
  const told = await Promise.all(
    expressions.map(async (expression) => {
      const { result } = await cdp.send('Runtime.evaluate', { expression, objectGroup: GROUP });
      if (!result.objectId) return false;
      const { listeners } = await cdp.send('DOMDebugger.getEventListeners', { objectId: result.objectId });
      return listeners.some(({ type }) => types.test(type));
    }),
  );
  // Nobody waits for it; where it fails the page is gone, and with it what was to be released.
  cdp.send('Runtime.releaseObjectGroup', { objectGroup: GROUP }).catch(() => undefined);
  return told.includes(true);
}
