import type { Capture } from '#shared/capture.ts';

type StepState = 'done' | 'now' | 'ahead' | 'failed' | 'canceled' | 'skipped';
/** One step as it is shown. `tookMs`: since the step before it. `since`: where the clock of a running step starts. */
export type TimelineStep = {
  name: string;
  state: StepState;
  at: string | null;
  tookMs: number | null;
  since: string | null;
  note: string | null;
  says: string;
};

const STEPS = [
  { step: 'requested', name: 'Requested' },
  { step: 'queued', name: 'Queued' },
  { step: 'processing', name: 'Processing' },
  { step: 'stored', name: 'Stored' },
  { step: 'link_issued', name: 'Link issued' },
] as const;
const says: Record<StepState, string> = {
  done: 'done',
  now: 'in progress',
  ahead: 'not yet',
  failed: 'failed',
  canceled: 'canceled',
  skipped: 'did not happen',
};

/**
 * Lays the events of a capture out on the five steps. A capture that failed or was canceled ends in that event, and the
 * steps it did not reach are marked as skipped.
 */
export function readTimeline(capture: Pick<Capture, 'timeline' | 'status'>): TimelineStep[] {
  const at = new Map(capture.timeline.map((event) => [event.step, event]));
  const end = at.get('failed') ?? at.get('canceled');
  const last = STEPS.findLastIndex(({ step }) => at.has(step));
  const steps: TimelineStep[] = [];
  let before: string | null = null;
  STEPS.forEach(({ step, name }, index) => {
    const event = at.get(step);
    if (end && index === last + 1) steps.push(finish(end, before));
    const state = event ? runningState(capture, index, last) : aheadState(capture, index, last);
    steps.push({
      name,
      state,
      at: event?.at ?? null,
      tookMs: event ? since(before, event.at) : null,
      since: event?.at ?? null,
      note: noteFor(capture, step, event !== undefined),
      says: says[state],
    });
    before = event?.at ?? before;
  });
  if (end && last === STEPS.length - 1) steps.push(finish(end, before));
  return steps;
}

function runningState(capture: Pick<Capture, 'status'>, index: number, last: number): StepState {
  const isOn = capture.status === 'queued' || capture.status === 'running';
  return isOn && index === last ? 'now' : 'done';
}

function aheadState(capture: Pick<Capture, 'status'>, index: number, last: number): StepState {
  if (capture.status === 'failed' || capture.status === 'canceled') return 'skipped';
  return index > last ? 'ahead' : 'skipped';
}

function finish(event: Capture['timeline'][number], before: string | null): TimelineStep {
  const state = event.step === 'failed' ? 'failed' : 'canceled';
  return {
    name: state === 'failed' ? 'Failed' : 'Canceled',
    state,
    at: event.at,
    tookMs: since(before, event.at),
    since: null,
    note: event.detail ?? null,
    says: '',
  };
}

function noteFor(capture: Pick<Capture, 'status'>, step: (typeof STEPS)[number]['step'], happened: boolean): string | null {
  return step === 'link_issued' && !happened && capture.status === 'succeeded' ? 'on first use' : null;
}

function since(before: string | null, at: string): number | null {
  return before === null ? null : Math.max(0, Date.parse(at) - Date.parse(before));
}
