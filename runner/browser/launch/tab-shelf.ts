import type { Log } from '#shared/log.ts';
import type { EgressSession } from '../egress/egress-proxy.ts';
import type { Tab } from '../visit/open-tab.ts';

/** A tab with the way out that its context was made with; nothing passes there before it is lent. */
export type ReadyTab = Tab & { proxy: EgressSession };
export type TabShelf = {
  /** A tab that stands ready, or a new one. Rejects when the browser makes none. */
  take(): Promise<ReadyTab>;
  /** Makes tabs in the background, one after the other, until `count` stand ready. */
  fill(count: number): void;
  /** How many contexts of the browser are the shelf's, those in the making included. */
  size(): number;
  /** Ends the ways out of what was never lent, and makes no more. The browser ends the rest. */
  close(): Promise<void>;
};

/**
 * Keeps tabs of one browser ready, because making one takes longer than loading a page in it. A tab is never used twice,
 * so nothing of one capture can reach another.
 */
export function createTabShelf({ make, log }: { make: () => Promise<ReadyTab>; log: Log }): TabShelf {
  const ready = new Set<ReadyTab>();
  let wanted = 0;
  let isFilling = false;
  let making = 0;
  let isClosed = false;

  const makeOne = async (): Promise<ReadyTab> => {
    making += 1;
    try {
      return await make();
    } finally {
      making -= 1;
    }
  };
  const keep = async (tab: ReadyTab): Promise<void> => {
    if (isClosed) return await tab.proxy.close();
    ready.add(tab);
    // A blank page that dies, for want of memory, must not be lent.
    tab.page.once('crash', () => void drop(tab));
    tab.page.once('close', () => void drop(tab));
  };
  const drop = async (tab: ReadyTab): Promise<void> => {
    if (!ready.delete(tab)) return;
    await tab.proxy.close();
    await tab.context.close().catch(() => undefined); // rejects when the browser is gone, and the context with it
  };
  const fillUp = async (): Promise<void> => {
    while (!isClosed && ready.size < wanted) await keep(await makeOne());
  };
  return {
    take: async () => {
      for (const tab of ready) {
        ready.delete(tab);
        return tab;
      }
      return await makeOne();
    },
    fill: (count) => {
      wanted = count;
      if (isFilling) return;
      isFilling = true;
      void fillUp()
        .catch((error: unknown) => {
          if (!isClosed) log.warn('no page could be made ahead', { error });
        })
        .finally(() => {
          isFilling = false;
        });
    },
    size: () => ready.size + making,
    close: async () => {
      isClosed = true;
      const left = [...ready];
      ready.clear();
      await Promise.all(left.map((tab) => tab.proxy.close()));
    },
  };
}
