import { Alert, Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, LogIn } from 'lucide-react';
import { SIGN_IN_FAULTS, type SignInFaultCode } from '#shared/sign-in-fault.ts';
import { trpc } from '../trpc.ts';

type SingleSignOnProps = { next?: string; fault?: SignInFaultCode; otherwise: string };

/** The way in by the organization's own sign-in, where there is one, and why it did not work the last time. */
export function SingleSignOn({ next, fault, otherwise }: SingleSignOnProps) {
  const ways = useQuery(trpc.auth.signInWays.queryOptions());
  const told = fault && SIGN_IN_FAULTS[fault];
  const oidc = ways.data?.oidc;
  if (!told && !oidc) return null;
  return (
    <Stack gap="sm">
      {told && (
        <Alert
          role="alert"
          className="error-notice"
          color="red"
          variant="default"
          icon={<CircleAlert size={18} aria-hidden />}
          title={told.title}
        >
          {told.detail}
        </Alert>
      )}
      {oidc && (
        <>
          {/* A step of the browser, not of the router: the server sends it on to the provider. */}
          <Button
            component="a"
            href={startOf(next, fault !== undefined)}
            variant="default"
            fullWidth
            leftSection={<LogIn size={16} aria-hidden />}
          >
            Continue with {oidc.name}
          </Button>
          <Text size="xs" c="dimmed" ta="center">
            {otherwise}
          </Text>
        </>
      )}
    </Stack>
  );
}

/** After a refusal the provider is to ask who it is, instead of answering with the same account again. */
function startOf(next: string | undefined, anew: boolean): string {
  const query = new URLSearchParams({ ...(next ? { next } : {}), ...(anew ? { anew: '1' } : {}) }).toString();
  return `/auth/oidc/start${query && `?${query}`}`;
}
