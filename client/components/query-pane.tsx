import type { ReactNode } from 'react';
import { ErrorNotice } from './error-notice.tsx';

type PaneQuery<T> = { data: T | undefined; error: unknown; isFetching: boolean; refetch: () => unknown };
type QueryPaneProps<T> = { query: PaneQuery<T>; skeleton: ReactNode; children: (data: T) => ReactNode };

/** Shows a query: its skeleton, then its data; an error in its place, or above data that is getting old. */
export function QueryPane<T>({ query, skeleton, children }: QueryPaneProps<T>) {
  const { data, error } = query;
  return (
    <>
      {error !== null && error !== undefined && (
        <div className="pane-error">
          <ErrorNotice error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
        </div>
      )}
      {data !== undefined ? children(data) : !error && <div aria-busy="true">{skeleton}</div>}
    </>
  );
}
