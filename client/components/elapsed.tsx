import type { Capture } from '#shared/capture.ts';
import { duration } from '../format.ts';
import { useNow } from '../use-now.ts';

/** How long a capture took from request to end; of one that goes on, how long it has taken so far. */
export function Elapsed({ capture }: { capture: Pick<Capture, 'createdAt' | 'finishedAt' | 'timings' | 'status'> }) {
  const isOn = capture.status === 'queued' || capture.status === 'running';
  const now = useNow(isOn ? 1000 : null);
  if (isOn)
    return <span className="dimmed tabular">{duration(Math.max(0, Math.floor((now - Date.parse(capture.createdAt)) / 1000) * 1000))}</span>;
  const ms = capture.timings.total ?? (capture.finishedAt ? Date.parse(capture.finishedAt) - Date.parse(capture.createdAt) : null);
  return <span className="tabular">{ms === null ? '–' : duration(ms)}</span>;
}
