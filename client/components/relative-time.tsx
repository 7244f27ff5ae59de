import { absoluteTime, relativeTime } from '../format.ts';
import { useNow } from '../use-now.ts';

const RENEW_MS = 10_000;

/** "2 min ago", with the instant in full for machines and on hover. Nothing there: the words of `none`. */
export function RelativeTime({ at, none = '–' }: { at: string | null; none?: string }) {
  const now = useNow(at ? RENEW_MS : null);
  if (!at) return <span>{none}</span>;
  return (
    <time dateTime={at} title={absoluteTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}

/** The instant in full, and how long ago that is. */
export function FullTime({ at }: { at: string }) {
  const now = useNow(RENEW_MS);
  return (
    <time dateTime={at}>
      {absoluteTime(at)} <span className="dimmed nowrap">({relativeTime(at, now)})</span>
    </time>
  );
}
