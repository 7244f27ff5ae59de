import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';

export type StopReason = 'signal' | 'parent gone';
export type StopWatch = { requested: Promise<StopReason>; end(): void };

/**
 * Watches for the end: SIGTERM or SIGINT asks for a drain, a second one ends the process at once (130). The same signal
 * again within `LIMITS.signalRepeatMs` is the first one: under npm one Ctrl-C arrives twice. An embedded runner leaves
 * SIGINT to its parent, who gets the same Ctrl-C, and stops when the parent's end of stdin closes.
 */
export function watchStop({
  isEmbedded,
  log,
  exit = (code) => process.exit(code),
}: {
  isEmbedded: boolean;
  log: Log;
  exit?: (code: number) => void;
}): StopWatch {
  const { promise: requested, resolve } = Promise.withResolvers<StopReason>();
  let firstAt: number | null = null;
  const onSignal = () => {
    const now = Date.now();
    if (firstAt === null) {
      firstAt = now;
      return resolve('signal');
    }
    if (now - firstAt < LIMITS.signalRepeatMs) return;
    log.warn('told to stop a second time: ending at once');
    exit(130);
  };
  const onParentGone = () => resolve('parent gone');
  const ignore = () => undefined;
  process.on('SIGTERM', onSignal).on('SIGINT', isEmbedded ? ignore : onSignal);
  if (isEmbedded) process.stdin.once('end', onParentGone).once('close', onParentGone).once('error', onParentGone).resume();
  return {
    requested,
    end: () => {
      process.off('SIGTERM', onSignal).off('SIGINT', isEmbedded ? ignore : onSignal);
      // An open stdin would keep the process alive.
      if (isEmbedded) process.stdin.off('end', onParentGone).off('close', onParentGone).destroy();
    },
  };
}
