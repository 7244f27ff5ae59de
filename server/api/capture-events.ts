import { z } from 'zod';
import { type Capture, FINAL_STATUSES, STATUSES } from '#shared/capture.ts';
import { STEPS } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Actor } from '../domain/access/actor.ts';
import { type CaptureProgress, listProgress } from '../domain/captures/list-progress.ts';
import { readCapture } from '../domain/captures/read-captures.ts';
import type { ServerEvent } from '../domain/ports.ts';
import type { Ctx } from './context.ts';

/** What the console is told of a change: which capture, and how far it is. */
export const changeSchema = z.object({ id: z.string(), status: z.enum(STATUSES), step: z.enum(STEPS).nullable() });

/** A stream that somebody follows. `signal` aborts when they hang up; a drain ends it through the context's signal. */
export type Watching = { ctx: Ctx; actor: Actor; signal: AbortSignal };

type CaptureEvent = Extract<ServerEvent, { kind: 'capture' }>;

/** How many changed captures a slow reader may fall behind before it is told of the newest only. */
const BACKLOG_MAX = 500;
/** How many states a stream remembers so as not to tell one twice. */
const KNOWN_MAX = 2000;

/**
 * Tells the changes of a workspace's captures as they come. An event can be missed (the database connection or this
 * stream was lost), so the newest captures are looked at every few seconds too; a stream that was `resumed` is told of
 * all of them first. Throws `not_signed_in` soon after the session has ended.
 */
export async function* watchWorkspace(watching: Watching, resumed: boolean): AsyncGenerator<CaptureProgress> {
  const { ctx, actor } = watching;
  const ended = AbortSignal.any([ctx.signal, watching.signal]);
  const changes = collect(ctx, (event) => event.workspaceId === actor.workspaceId);
  const stillThere = sessionCheck(ctx);
  const known = new Map<string, string>();
  let tell = resumed;
  try {
    while (!ended.aborted) {
      for (const progress of await listProgress(ctx.instance.deps, actor, changes.take())) {
        if (isNews(known, progress) && tell) yield progress;
      }
      tell = true;
      await changes.wait(ended);
      await stillThere();
    }
  } finally {
    changes.close();
  }
}

/** Tells one capture whenever it has changed, the last time when it is final. Refuses like `readCapture`. */
export async function* watchCapture(watching: Watching, id: string): AsyncGenerator<Capture> {
  const { ctx, actor } = watching;
  const ended = AbortSignal.any([ctx.signal, watching.signal]);
  const changes = collect(ctx, (event) => event.captureId === id);
  const stillThere = sessionCheck(ctx);
  let told = '';
  try {
    while (!ended.aborted) {
      changes.take();
      const capture = await readCapture(ctx.instance.deps, actor, id);
      // A link is signed anew at each reading: it alone is no news.
      const state = JSON.stringify({ ...capture, asset: capture.asset?.sha256 });
      if (state !== told) yield capture;
      told = state;
      if (FINAL_STATUSES.includes(capture.status)) return;
      await changes.wait(ended);
      await stillThere();
    }
  } finally {
    changes.close();
  }
}

/** Gathers the ids of changed captures until they are taken. `take` answers null when the newest are to be looked at. */
function collect(ctx: Ctx, fits: (event: CaptureEvent) => boolean) {
  const ids = new Set<string>();
  let wake: () => void = () => undefined;
  const off = ctx.instance.deps.events.on((event) => {
    if (event.kind !== 'capture' || !fits(event)) return;
    if (ids.size < BACKLOG_MAX) ids.add(event.captureId);
    wake();
  });
  return {
    take(): string[] | null {
      const taken = [...ids];
      ids.clear();
      return taken.length === 0 || taken.length >= BACKLOG_MAX ? null : taken;
    },
    async wait(signal: AbortSignal): Promise<void> {
      if (ids.size > 0 || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const finish = () => resolve();
      const timer = setTimeout(finish, LIMITS.watchPollMs);
      wake = finish;
      signal.addEventListener('abort', finish, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
    },
    close: off,
  };
}

function isNews(known: Map<string, string>, progress: CaptureProgress): boolean {
  const state = `${progress.status}/${progress.step ?? ''}`;
  if (known.get(progress.id) === state) return false;
  known.set(progress.id, state);
  const [oldest] = known.keys();
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  return true;
}

function sessionCheck(ctx: Ctx): () => Promise<void> {
  let checkedAt = Date.now();
  return async () => {
    if (Date.now() - checkedAt < LIMITS.watchPollMs) return;
    checkedAt = Date.now();
    await ctx.resolveActor(true);
  };
}
