import { Link } from '@tanstack/react-router';
import { Pager } from '#client/components/pager.tsx';
import type { CaptureSearch } from './capture-search.ts';

/** Steps through the pages of captures, the filters kept. */
export function CapturePager({ search, nextCursor }: { search: CaptureSearch; nextCursor: string | null }) {
  return (
    <Pager
      label="Pages of captures"
      cursor={search.cursor}
      nextCursor={nextCursor}
      link={({ cursor, trail }) =>
        (props) => <Link to="/captures" search={{ ...search, cursor }} state={trail ? { trail } : undefined} {...props} />}
    />
  );
}
