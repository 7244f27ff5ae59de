import { Text } from '@mantine/core';
import { ShieldCheck, ShieldX } from 'lucide-react';
import { Facts } from '#client/components/facts.tsx';
import { Panel } from '#client/components/page.tsx';
import { count, duration } from '#client/format.ts';
import type { Capture } from '#shared/capture.ts';

const verdicts: Record<NonNullable<Capture['verdict']>, string> = {
  authenticated: 'The check of the request was met: the page was seen signed in.',
  unverified: 'No sign of a sign-in page. Give `auth.verify` to have it checked.',
  login_wall: 'The page asked to sign in.',
  denied: 'The site refused this user.',
  error_page: 'The site answered with an error page.',
};

/** What of the auth state was applied: counts and the verdict. Names and values are never shown here. */
export function AuthReceipt({ capture: { auth, verdict, finishedAt } }: { capture: Capture }) {
  if (!auth && !verdict) return null;
  const changed = (auth?.counts?.deleted_by_site ?? 0) + (auth?.counts?.replaced_by_site ?? 0);
  const unsent = auth?.counts?.never_sent ?? 0;
  return (
    <Panel title="Session">
      {verdict && <Text size="sm">{verdicts[verdict]}</Text>}
      {auth && (
        <Facts
          facts={[
            {
              term: finishedAt ? 'Applied' : 'Sent',
              value: `${count(auth.cookies, 'cookie')}, storage of ${count(auth.origins, 'origin')}`,
            },
            auth.rejected.length > 0 && {
              term: 'Rejected',
              value: `${count(auth.rejected.length, 'part')}. API keys with captures:read see which, and why.`,
            },
            changed > 0 && {
              term: 'Changed by the site',
              value: `${count(changed, 'part')}.${auth.sessionReplaced ? ' The session that was sent may be spent.' : ''}`,
            },
            unsent > 0 && finishedAt !== null && { term: 'Never sent', value: count(unsent, 'part') },
          ]}
        />
      )}
    </Panel>
  );
}

/** What the page was waited for before it was rendered. */
export function Readiness({ readiness }: { readiness: Capture['readiness'] }) {
  if (!readiness) return null;
  const waits = [
    { term: 'Network quiet', ms: readiness.network },
    { term: 'DOM still', ms: readiness.dom },
    { term: 'Fonts loaded', ms: readiness.fonts },
    { term: 'Images loaded', ms: readiness.images },
    { term: 'Busy signs gone', ms: readiness.busy },
    { term: 'Frames settled', ms: readiness.frames },
    { term: 'App signal', ms: readiness.signal },
  ];
  return (
    <Panel title="Readiness">
      <Facts
        facts={[
          readiness.heldBy ? { term: 'Held by', value: <span className="mono">{readiness.heldBy}</span> } : null,
          readiness.settledBy ? { term: 'Settled by', value: <span className="mono">{readiness.settledBy}</span> } : null,
          ...waits.map(({ term, ms }) => (ms === undefined ? null : { term, value: `after ${duration(ms)}` })),
        ]}
      />
    </Panel>
  );
}

/** Which hosts the page talked to, and which it was kept from. */
export function Egress({ egress }: { egress: Capture['egress'] }) {
  if (!egress) return null;
  return (
    <Panel title="Network">
      {egress.hosts.length === 0 && egress.blocked.length === 0 && (
        <Text size="sm" c="dimmed">
          No host was contacted.
        </Text>
      )}
      <ul className="hosts">
        {egress.hosts.map((host) => (
          <li key={host}>
            <ShieldCheck size={14} aria-hidden className="ok" />
            <span className="break">{host}</span>
          </li>
        ))}
        {egress.blocked.map(({ host, reason }) => (
          <li key={`${host} ${reason}`}>
            <ShieldX size={14} aria-hidden className="bad" />
            <span className="break">
              {host} <span className="dimmed">blocked: {reason}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
