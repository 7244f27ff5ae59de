import { Anchor, Button, Skeleton, Stack, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { TRPCClientError } from '@trpc/client';
import { Compass } from 'lucide-react';
import { EmptyState } from './empty-state.tsx';
import { ErrorNotice } from './error-notice.tsx';

/** What stands in the place of a page while its code arrives. */
export function PageSkeleton() {
  return (
    <div className="page" aria-busy="true">
      <Skeleton h={28} w={180} mb="lg" />
      <Stack gap="md">
        <Skeleton h={120} />
        <Skeleton h={280} />
      </Stack>
    </div>
  );
}

/** A page that could not be shown: a failed call, a fault of ours, or code of an older version of the console. */
export function PageError({ error, reset }: ErrorComponentProps) {
  useDocumentTitle('Error · SessionShot');
  const router = useRouter();
  const isCall = error instanceof TRPCClientError;
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className="page page-narrow">
      {isCall ? (
        <ErrorNotice error={error} onRetry={retry} />
      ) : (
        <EmptyState
          icon={Compass}
          level={1}
          title="This page could not be shown"
          actions={
            <Button variant="default" onClick={() => location.reload()}>
              Reload the console
            </Button>
          }
        >
          The console may have been updated since this tab was opened. Reloading usually helps.
          <Text size="xs" mt="xs" className="mono">
            {error instanceof Error ? error.message : String(error)}
          </Text>
        </EmptyState>
      )}
    </div>
  );
}

/** An address that leads nowhere. */
export function PageMissing() {
  useDocumentTitle('Not found · SessionShot');
  return (
    <main className="page page-narrow">
      <EmptyState icon={Compass} level={1} title="There is no page at this address">
        Check the address, or go to the <Anchor renderRoot={(props) => <Link to="/" {...props} />}>overview</Anchor>.
      </EmptyState>
    </main>
  );
}
