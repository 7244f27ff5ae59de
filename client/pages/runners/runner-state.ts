import type { RunnerView } from '#shared/console.ts';

export type RunnerState = 'online' | 'offline' | 'revoked';

/** What a runner is at present; one that was revoked is that, whatever else. */
export function runnerState({ revokedAt, online }: Pick<RunnerView, 'revokedAt' | 'online'>): RunnerState {
  if (revokedAt !== null) return 'revoked';
  return online ? 'online' : 'offline';
}

/** Those that work first, then those that should, then those that are no more; each group as it came, newest first. */
export function sortRunners(runners: readonly RunnerView[]): RunnerView[] {
  const order: readonly RunnerState[] = ['online', 'offline', 'revoked'];
  return [...runners].sort((a, b) => order.indexOf(runnerState(a)) - order.indexOf(runnerState(b)));
}

/** What is not well with a runner that works, in a few words; null where all is. */
export function runnerFault(runner: RunnerView): string | null {
  if (runnerState(runner) !== 'online') return null;
  if (runner.sandbox === 'off') return 'no sandbox: pages run unconfined on its machine';
  return runner.browser?.isOld ? 'its browser is too old: update it' : null;
}
