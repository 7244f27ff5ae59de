import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { trpc } from '../trpc.ts';
import { CodeBlock } from './code-block.tsx';
import { curlExample, exampleDomain } from './curl-example.ts';

/** The way to a first capture in three steps, which tick themselves. */
export function FirstCapture() {
  const domains = useQuery(trpc.domains.list.queryOptions());
  const keys = useQuery(trpc.keys.list.queryOptions());
  const domain = domains.data && exampleDomain(domains.data);
  const isWaiting = domains.data?.some(({ proof }) => proof !== null) ?? false;
  const hasKey = keys.data?.some((key) => key.revokedAt === null) ?? false;
  const curl = curlExample({ origin: location.origin, domain });
  return (
    <section className="guide" aria-labelledby="guide-title">
      <h2 id="guide-title">Make your first capture</h2>
      <Text size="sm" c="dimmed">
        Send a URL with the session of the person who may see it. You get back a private image or PDF behind a link that runs out.
      </Text>
      <ol className="guide-steps">
        <GuideStep isDone={domain !== undefined} title="Allow a domain">
          Nothing can be captured until its host is listed.{' '}
          {domain ? (
            <span className="mono">{domain}</span>
          ) : (
            <GuideLink to="/domains">{isWaiting ? 'Prove your domain' : 'Add a domain'}</GuideLink>
          )}
          {domain && ' is allowed.'}
        </GuideStep>
        <GuideStep isDone={hasKey} title="Make an API key">
          {hasKey
            ? 'There is a key. Lost its text? Rotate it, or make another under '
            : 'Your program sends it with each request. It is shown once. '}
          <GuideLink to="/keys">{hasKey ? 'API keys' : 'Make a key'}</GuideLink>
          {hasKey && '.'}
        </GuideStep>
        <GuideStep isDone={false} title="Send a request">
          The cookies and local storage go in with the request. They are sealed for the runner at once: this server cannot read them back,
          and this console never shows them.
          <CodeBlock code={curl} what="curl command" />
          <p className="waiting" role="status">
            <span className="live-dot" aria-hidden="true" /> Waiting for the first capture. It appears here by itself.
          </p>
        </GuideStep>
      </ol>
    </section>
  );
}

function GuideLink({ to, children }: { to: '/domains' | '/keys'; children: ReactNode }) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to={to} {...props} />}>
      {children}
    </Anchor>
  );
}

function GuideStep({ isDone, title, children }: { isDone: boolean; title: string; children: ReactNode }) {
  return (
    <li className="guide-step" data-done={isDone || undefined}>
      <span className="guide-mark">{isDone && <Check size={14} strokeWidth={3} aria-hidden />}</span>
      <div className="guide-text">
        <h3>
          {title}
          {isDone && <span className="visually-hidden"> (done)</span>}
        </h3>
        <div>{children}</div>
      </div>
    </li>
  );
}
