/// <reference lib="dom" />
import type { CDPSession } from 'playwright';
import { z } from 'zod';
import { type StorageItems, writeStorage } from './write-storage.ts';

/** The script that fills the storage of the target's origin, until it has run. */
export type Seed = {
  /** To be awaited before the main frame requests a document. Rejects when the page is gone. */
  beforeDocument(): Promise<void>;
};

/** A world of its own: the page can neither see the script nor have put anything in its way. */
const WORLD = 'sessionshot-session';
const historySchema = z.object({ currentIndex: z.int(), entries: z.array(z.object({ url: z.string() })) });

/**
 * Has the first document of `origin` find these items before its first script runs, without a visit and without a page
 * load of its own. It must happen once: a later document has to find what the app made of its storage, a rotated token
 * or none at all. Two things see to that, because Chromium keeps the script's removal waiting while a navigation is
 * under way. The script itself does nothing in a document that comes from another of the same origin, which the
 * Navigation API knows at document start, reloads and replacements included; nor in frames. For a way round through
 * another origin, sign-in and back, the removal is sent when the first document has come and awaited before the next
 * is requested from elsewhere: by then it has nothing to wait for.
 */
export async function seedFirstDocument(cdp: CDPSession, origin: string, items: StorageItems): Promise<Seed> {
  const source = `if ((${isFirstDocument.toString()})(${JSON.stringify(origin)})) (${writeStorage.toString()})(${JSON.stringify(items)});`;
  const { identifier } = await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD });
  let removal: Promise<void> | null = null;
  let wasOpened = false;
  const remove = () => {
    removal ??= cdp.send('Page.removeScriptToEvaluateOnNewDocument', { identifier }).then(() => undefined);
    removal.catch(() => undefined); // the page is gone; who awaits it below is told
    return removal;
  };
  const isOfOrigin = (url: string) => url.startsWith('https:') && URL.canParse(url) && new URL(url).origin === origin;
  cdp.on('Page.frameNavigated', ({ frame }) => {
    if (frame.parentId !== undefined || !isOfOrigin(frame.url)) return;
    wasOpened = true;
    void remove();
  });
  return {
    beforeDocument: async () => {
      if (!wasOpened) return; // The very first request need not wait for an answer about what was before it.
      const { currentIndex, entries } = historySchema.parse(await cdp.send('Page.getNavigationHistory'));
      const wasShown = entries.some(({ url }) => isOfOrigin(url));
      if (wasShown && !isOfOrigin(entries[currentIndex]?.url ?? '')) await remove();
    },
  };
}

/** Runs in the page, at document start: uses nothing from outside itself. */
function isFirstDocument(origin: string): boolean {
  const { activation } = navigation;
  return window.top === window && location.protocol === 'https:' && location.origin === origin && !activation?.from;
}
