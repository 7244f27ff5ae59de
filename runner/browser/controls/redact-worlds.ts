import { randomUUID } from 'node:crypto';
import type { CDPSession, Frame } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import type { Visit } from '../visit/visit.ts';

/** Our own world in one document: `contextId` is that of its scripts. */
export type World = { session: CDPSession; contextId: number; isNew: boolean };
export type Worlds = {
  /** Our world in every document of the page, the redactor in place. A document that did not have it yet `isNew`. */
  open(): Promise<World[]>;
  sessions(): Promise<CDPSession[]>;
};
type FrameTree = { frame: { id: string }; childFrames?: FrameTree[] };

/** Thrown where a document cannot be reached: what it shows is not known to be redacted. */
export class WorldClosed extends Error {
  override readonly name = 'WorldClosed';
}

/** Thrown where a page has more frames than are searched. */
export class TooManyFrames extends Error {
  override readonly name = 'TooManyFrames';
}

/**
 * Opens isolated worlds in all documents of a page, also in frames that have a process of their own, and sees to it that
 * a document that is loaded later begins with `script`.
 */
export function createWorlds(visit: Visit, script: string): Worlds {
  const { page, cdp, context, run } = visit;
  const worldName = `sessionshot-${randomUUID()}`;
  const prepared = new Set<CDPSession>();
  const ownSessions = new Map<Frame, CDPSession>();
  const ask = <T>(work: Promise<T>) => run.within(LIMITS.redactSweepMsMax, work);

  const sessions = async () => {
    const children = page.frames().slice(1);
    if (children.length >= LIMITS.redactFramesMax) throw new TooManyFrames();
    await Promise.all(
      children.map(async (frame) => {
        if (ownSessions.has(frame)) return;
        // Rejects for a frame that is part of its parent's process, which the parent's session covers.
        const session = await ask(context.newCDPSession(frame)).catch((error: unknown) => passOn(error));
        if (session) ownSessions.set(frame, session);
      }),
    );
    for (const frame of ownSessions.keys()) if (frame.isDetached()) ownSessions.delete(frame);
    return [cdp, ...ownSessions.values()];
  };
  const openIn = async (session: CDPSession): Promise<World[]> => {
    if (!prepared.has(session)) await ask(session.send('Page.addScriptToEvaluateOnNewDocument', { source: script, worldName }));
    prepared.add(session);
    const { frameTree } = await ask(session.send('Page.getFrameTree'));
    const worlds = idsOf(frameTree).map(async (frameId) => {
      const { executionContextId: contextId } = await ask(session.send('Page.createIsolatedWorld', { frameId, worldName }));
      return { session, contextId, isNew: (await evaluateIn({ session, contextId }, script, run)) === true };
    });
    return Promise.all(worlds);
  };
  const openAll = async () => (await Promise.all((await sessions()).map(openIn))).flat();
  const open = async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await openAll();
      } catch (error) {
        if (error instanceof CaptureFault || error instanceof TooManyFrames || tries >= LIMITS.redactTriesMax) throw error;
        // A frame that left or moved to another process while we asked: the sessions are looked up anew.
        ownSessions.clear();
      }
    }
  };
  return { open, sessions };
}

/** Runs an expression in a world and returns its value. Throws WorldClosed where the document is gone or answers nothing. */
export async function evaluateIn(world: Pick<World, 'session' | 'contextId'>, expression: string, run: Visit['run']): Promise<unknown> {
  const call = world.session.send('Runtime.evaluate', {
    expression,
    contextId: world.contextId,
    returnByValue: true,
    // Ends the expression in the page: a search that takes for ever must not hold the frame.
    timeout: LIMITS.redactSweepMsMax,
  });
  let answer: Awaited<typeof call>;
  try {
    answer = await run.within(LIMITS.redactSweepMsMax + 1000, call);
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    throw new WorldClosed();
  }
  if (answer.exceptionDetails) throw new WorldClosed();
  return answer.result.value;
}

function idsOf(tree: FrameTree): string[] {
  return [tree.frame.id, ...(tree.childFrames ?? []).flatMap(idsOf)];
}

function passOn(error: unknown): null {
  if (error instanceof CaptureFault || error instanceof WaitExpired) throw error;
  return null;
}
