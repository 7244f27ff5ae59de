import { Ban, CircleCheck, CircleDashed, CircleX, FileText, Image, LoaderCircle } from 'lucide-react';
import type { CaptureStatus } from '#shared/capture.ts';
import type { Format } from '#shared/output.ts';

const looks = {
  queued: { word: 'Queued', Icon: CircleDashed },
  running: { word: 'Running', Icon: LoaderCircle },
  succeeded: { word: 'Succeeded', Icon: CircleCheck },
  failed: { word: 'Failed', Icon: CircleX },
  canceled: { word: 'Canceled', Icon: Ban },
} as const satisfies Record<CaptureStatus, { word: string; Icon: typeof Ban }>;

/** Every status with its word, in the order in which people look for them. */
export const STATUS_WORDS: readonly { status: CaptureStatus; word: string }[] = [
  { status: 'running', word: looks.running.word },
  { status: 'queued', word: looks.queued.word },
  { status: 'succeeded', word: looks.succeeded.word },
  { status: 'failed', word: looks.failed.word },
  { status: 'canceled', word: looks.canceled.word },
];

/** The status of a capture as icon and word: never by colour alone. */
export function StatusBadge({ status }: { status: CaptureStatus }) {
  const { word, Icon } = looks[status];
  return (
    <span className={`status status-${status}`}>
      <Icon size={14} strokeWidth={2.25} aria-hidden />
      {word}
    </span>
  );
}

const steps: Record<string, string> = {
  claimed: 'Starting',
  session: 'Injecting the session',
  navigate: 'Loading the page',
  settle: 'Waiting for the page to settle',
  actions: 'Running actions',
  render: 'Rendering',
  store: 'Storing',
};

/** What a runner is doing, in words. */
export function stepWords(step: string): string {
  return steps[step] ?? step;
}

/** The output format as icon and word. */
export function FormatLabel({ format }: { format: Format }) {
  const Icon = format === 'pdf' ? FileText : Image;
  return (
    <span className="format-label">
      <Icon size={14} aria-hidden />
      {format.toUpperCase()}
    </span>
  );
}
