import { Button, Group } from '@mantine/core';
import { useRouterState } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, ChevronsLeft } from 'lucide-react';
import type { ReactNode } from 'react';

declare module '@tanstack/history' {
  interface HistoryState {
    trail?: string[];
  }
}

/** Where a step leads: the cursor of the page (none: the newest), and the way back to be kept with it. */
type PagerStep = { cursor: string | undefined; trail?: string[] };
type PagerProps = {
  label: string;
  cursor: string | undefined;
  nextCursor: string | null;
  /** The link of a step, with the filters of the list in it. */
  link: (step: PagerStep) => (props: Record<string, unknown>) => ReactNode;
};

/**
 * Steps through the pages of a list. A page knows only where the next one begins, so the way back is kept with the history
 * entry: it survives a reload, and a shared address simply offers the newest page instead.
 */
export function Pager({ label, cursor, nextCursor, link }: PagerProps) {
  const trail = useTrail();
  const previous = trail.at(-1);
  return (
    <Group component="nav" aria-label={label} justify="space-between" className="pager">
      <Group gap="xs">
        {cursor && (
          <Button size="xs" variant="default" leftSection={<ChevronsLeft size={14} aria-hidden />} renderRoot={link({ cursor: undefined })}>
            Newest
          </Button>
        )}
        {previous !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<ChevronLeft size={14} aria-hidden />}
            renderRoot={link({ cursor: previous || undefined, trail: trail.slice(0, -1) })}
          >
            Newer
          </Button>
        )}
      </Group>
      {nextCursor && (
        <Button
          size="xs"
          variant="default"
          rightSection={<ChevronRight size={14} aria-hidden />}
          renderRoot={link({ cursor: nextCursor, trail: [...trail, cursor ?? ''] })}
        >
          Older
        </Button>
      )}
    </Group>
  );
}

function useTrail(): string[] {
  return useRouterState({ select: (state) => state.location.state.trail ?? [], structuralSharing: true });
}
