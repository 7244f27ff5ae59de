import { QueryCache, QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { AppRouter } from '#server/api/router.ts';
import { readProblem } from './problem.ts';

const RETRIES_MAX = 2;
const FRESH_MS = 10_000;

let signedOut: () => void = () => undefined;

/** Sets what happens when the server no longer knows the session. One listener: the router's way to the sign-in page. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // The question "who am I" is how pages find out: its own refusal must not ask the pages again, without end.
      if (readProblem(error).code === 'not_signed_in' && !query.meta?.isWhoAmI) signedOut();
    },
  }),
  defaultOptions: {
    queries: {
      // A console on loopback must work while the machine is offline: the library would pause every request.
      networkMode: 'always',
      staleTime: FRESH_MS,
      retry: (failures, error) => failures < RETRIES_MAX && readProblem(error).isPassing,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

export const trpcClient = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (op) => op.type === 'subscription',
      true: httpSubscriptionLink({ url: '/trpc' }),
      // The header proves that our own script sent the request: a foreign page cannot set it without a preflight.
      false: httpBatchLink({ url: '/trpc', headers: { 'x-sessionshot': '1' }, maxItems: 10 }),
    }),
  ],
});

/** Typed query and mutation options of every procedure. */
export const trpc = createTRPCOptionsProxy<AppRouter>({ client: trpcClient, queryClient });

/** Who is signed in. */
export const whoAmI = trpc.auth.me.queryOptions(undefined, { staleTime: 60_000, meta: { isWhoAmI: true } });
