import { Button, Group } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, ChevronsLeft } from 'lucide-react';
import type { CaptureSearch } from './capture-search.ts';

declare module '@tanstack/history' {
  interface HistoryState {
    trail?: string[];
  }
}

/**
 * Steps through the pages. A page knows only where the next one begins, so the way back is kept with the history
 * entry: it survives a reload, and a shared address simply offers the newest page instead.
 */
export function CapturePager({ search, nextCursor }: { search: CaptureSearch; nextCursor: string | null }) {
  const trail = useTrail();
  const here = search.cursor ?? '';
  const previous = trail.at(-1);
  return (
    <Group component="nav" aria-label="Pages of captures" justify="space-between" className="pager">
      <Group gap="xs">
        {search.cursor && (
          <Button
            size="xs"
            variant="default"
            leftSection={<ChevronsLeft size={14} aria-hidden />}
            renderRoot={(props) => <Link to="/captures" search={{ ...search, cursor: undefined }} {...props} />}
          >
            Newest
          </Button>
        )}
        {previous !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<ChevronLeft size={14} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/captures" search={{ ...search, cursor: previous || undefined }} state={{ trail: trail.slice(0, -1) }} {...props} />
            )}
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
          renderRoot={(props) => (
            <Link to="/captures" search={{ ...search, cursor: nextCursor }} state={{ trail: [...trail, here] }} {...props} />
          )}
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
