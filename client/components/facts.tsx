import type { ReactNode } from 'react';

export type Fact = { term: string; value: ReactNode } | null | false;

/** Terms and their values. Nothing is shown for a fact that is null. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact.term}>
              <dt>{fact.term}</dt>
              <dd>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
