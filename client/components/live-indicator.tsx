import { type LiveState, useLiveState } from './live.tsx';

const words: Record<LiveState, { text: string; title: string }> = {
  connecting: { text: 'Connecting…', title: 'Waiting for live updates to begin.' },
  live: { text: 'Live', title: 'Changes appear by themselves.' },
  reconnecting: { text: 'Reconnecting…', title: 'Live updates were cut off. Lists are read every 5 seconds until they are back.' },
};

/** Tells whether what is on the page changes by itself. */
export function LiveIndicator() {
  const state = useLiveState();
  return (
    <p className={`live live-${state}`} title={words[state].title} role="status">
      <span className="live-dot" aria-hidden="true" />
      {words[state].text}
    </p>
  );
}
