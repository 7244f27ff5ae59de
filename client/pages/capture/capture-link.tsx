import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ExternalLink, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { CopyButton } from '#client/components/copy-button.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { Panel } from '#client/components/page.tsx';
import { countdown, duration } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import { useNow } from '#client/use-now.ts';
import type { Capture } from '#shared/capture.ts';
import { LIMITS } from '#shared/limits.ts';

type Asset = NonNullable<Capture['asset']>;

const LIVES_MS = [LIMITS.linkLifeMsMin, 5 * LIMITS.linkLifeMsMin, LIMITS.linkLifeMsDefault, LIMITS.linkLifeMsMax];

/** The signed link to the asset: how long it still works, and a new one when it does not. */
export function CaptureLink({ captureId, asset, format }: { captureId: string; asset: Asset; format: Capture['format'] }) {
  const client = useQueryClient();
  const [lifeMs, setLifeMs] = useState<number>(LIMITS.linkLifeMsDefault);
  const issue = useMutation(
    trpc.captures.issueLink.mutationOptions({
      onSuccess: ({ url, expiresAt }) => {
        client.setQueryData(trpc.captures.get.queryKey({ id: captureId }), (capture) =>
          capture?.asset ? { ...capture, asset: { ...capture.asset, url, expiresAt } } : capture,
        );
      },
    }),
  );
  const leftMs = Date.parse(asset.expiresAt) - useNow(1000);
  const isOver = leftMs <= 0;
  return (
    <Panel title="Signed link" aside={<Countdown leftMs={leftMs} />}>
      {issue.error && <ErrorNotice error={issue.error} />}
      <div className="link-actions">
        <Button
          size="xs"
          component="a"
          href={asset.url}
          target="_blank"
          rel="noreferrer"
          leftSection={<ExternalLink size={14} aria-hidden />}
          data-disabled={isOver || undefined}
          aria-disabled={isOver || undefined}
          onClick={(event) => isOver && event.preventDefault()}
        >
          Open {format.toUpperCase()}
        </Button>
        {!isOver && <CopyButton value={asset.url} what="signed link" label="Copy link" />}
        <span className="link-issue">
          <NativeSelect
            size="xs"
            aria-label="Life of a new link"
            value={String(lifeMs)}
            onChange={(event) => setLifeMs(Number(event.currentTarget.value))}
            data={LIVES_MS.map((ms) => ({ value: String(ms), label: `for ${duration(ms).replace(' 00 s', '')}` }))}
          />
          <Button
            size="xs"
            variant={isOver ? 'filled' : 'default'}
            leftSection={<RefreshCw size={14} aria-hidden />}
            loading={issue.isPending}
            onClick={() => issue.mutate({ id: captureId, ttl: lifeMs })}
          >
            New link
          </Button>
        </span>
      </div>
      <p className="hint">Whoever has the link can read this one file until it runs out. Earlier links run out by themselves.</p>
    </Panel>
  );
}

function Countdown({ leftMs }: { leftMs: number }) {
  if (leftMs <= 0) return <span className="countdown countdown-over">Expired</span>;
  return (
    <span className="countdown" role="timer">
      works for {countdown(leftMs)}
    </span>
  );
}
