/**
 * Places at which the fault drills end or freeze a process of the product: at the worst moments, by name instead of by
 * luck. Nothing is armed unless the process was started with `SESSIONSHOT_FAULT_POINTS`, which start-up refuses outside
 * `NODE_ENV=test`.
 *
 * `after_commit`: a capture is committed, its caller not answered. `before_confirm`: a wake-up is sent, its confirm not
 * read. `after_upload`: a result is in the store, its runner has done nothing with that yet. `before_finish`: the runner
 * is about to report it.
 */
export const FAULT_POINTS = ['after_commit', 'before_confirm', 'after_upload', 'before_finish'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];
/** `kill` ends the process as a power cut would; `stop` freezes it until somebody continues it. */
const FAULTS = { kill: 'SIGKILL', stop: 'SIGSTOP' } as const;
export type Fault = keyof typeof FAULTS;
export type FaultPlan = Readonly<{ point: FaultPoint; fault: Fault }>;

export const FAULT_POINTS_VARIABLE = 'SESSIONSHOT_FAULT_POINTS';
/** One turn of the event loop and a little: what was written to a socket has left the process. */
const LEAVE_MS = 5;

/** What is wrong with the variable; the message names the remedy. */
export class FaultPointsRefused extends Error {
  override name = 'FaultPointsRefused';
}

/** Reads `POINT=FAULT`; null where nothing is given. Throws `FaultPointsRefused` outside of tests and for unknown words. */
export function readFaultPlan(env: Readonly<Record<string, string | undefined>>): FaultPlan | null {
  const given = env[FAULT_POINTS_VARIABLE];
  if (!given) return null;
  if (env.NODE_ENV !== 'test')
    throw new FaultPointsRefused(
      `${FAULT_POINTS_VARIABLE} makes this process end on purpose: leave it out. Fault drills set NODE_ENV=test.`,
    );
  const [name, fault, more] = given.split('=');
  const point = FAULT_POINTS.find((known) => known === name);
  if (!point || more !== undefined || (fault !== 'kill' && fault !== 'stop'))
    throw new FaultPointsRefused(`${FAULT_POINTS_VARIABLE} must be one of ${FAULT_POINTS.join(', ')}, with =kill or =stop.`);
  return { point, fault };
}

let armed: FaultPlan | null = null;

/** Arms the one point of a plan in this process, for the first time it is reached. Null arms nothing. */
export function armFaultPoint(plan: FaultPlan | null): void {
  armed = plan;
}

/** Does nothing, unless this point is armed. */
export function faultPoint(point: FaultPoint): Promise<void> | undefined {
  return armed?.point === point ? strike(armed) : undefined;
}

async function strike({ fault }: FaultPlan): Promise<void> {
  armed = null;
  await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
  process.kill(process.pid, FAULTS[fault]);
  // The signal of a stop arrives before the next turn; nothing of this process runs in between.
  await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
}
