import { Ban, Check, CircleDashed, LoaderCircle, type LucideIcon, X } from 'lucide-react';
import { stepWords } from '#client/components/capture-status.tsx';
import { absoluteTime, clockTime, duration } from '#client/format.ts';
import { useNow } from '#client/use-now.ts';
import type { Capture } from '#shared/capture.ts';
import { readTimeline, type TimelineStep } from './read-timeline.ts';

const icons: Record<TimelineStep['state'], LucideIcon> = {
  done: Check,
  now: LoaderCircle,
  ahead: CircleDashed,
  failed: X,
  canceled: Ban,
  skipped: CircleDashed,
};

/** The five steps of a capture with their times, and how long each took to come. */
export function Timeline({ capture, step }: { capture: Capture; step: string | null }) {
  const steps = readTimeline(capture);
  return (
    <ol className="timeline">
      {steps.map((item) => (
        <TimelineItem key={item.name} item={item} note={item.state === 'now' && step ? stepWords(step) : noteWords(item)} />
      ))}
    </ol>
  );
}

function noteWords({ state, note }: TimelineStep): string | null {
  return note && state === 'failed' ? `while ${lowerFirst(stepWords(note))}` : note;
}

function lowerFirst(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function TimelineItem({ item, note }: { item: TimelineStep; note: string | null }) {
  const Icon = icons[item.state];
  return (
    <li className="timeline-step" data-state={item.state} aria-current={item.state === 'now' ? 'step' : undefined}>
      <span className="timeline-mark">
        <Icon size={13} strokeWidth={2.75} aria-hidden />
      </span>
      <div className="timeline-text">
        <span className="timeline-name">
          {item.name}
          {item.says && <span className="visually-hidden">: {item.says}</span>}
        </span>
        <span className="timeline-time">
          {item.at && (
            <time dateTime={item.at} title={absoluteTime(item.at)}>
              {clockTime(item.at)}
            </time>
          )}
          {item.tookMs !== null && <span> +{duration(item.tookMs)}</span>}
          {item.state === 'now' && item.since && <Running since={item.since} />}
        </span>
        {note && <span className="timeline-note">{note}</span>}
      </div>
    </li>
  );
}

function Running({ since }: { since: string }) {
  const now = useNow(1000);
  return <span className="tabular"> · {duration(Math.max(0, Math.floor((now - Date.parse(since)) / 1000) * 1000))} so far</span>;
}
