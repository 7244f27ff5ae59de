import { Panel } from '#client/components/page.tsx';

type TopListProps = { title: string; rows: readonly { name: string; count: number }[]; none: string; isCode?: boolean };

/** The most frequent of something, each with a bar beside its number. */
export function TopList({ title, rows, none, isCode = false }: TopListProps) {
  const highest = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <p className="dimmed small">{none}</p>
      ) : (
        <ol className="top-list">
          {rows.map(({ name, count }) => (
            <li key={name}>
              <span className={isCode ? 'mono break' : 'break'}>{name || 'People, in the console'}</span>
              <span className="top-count">{count.toLocaleString()}</span>
              <svg className="top-share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
                <rect width={(count / highest) * 100} height="4" />
              </svg>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
