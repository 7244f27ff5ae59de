import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from '@tanstack/react-router';
import { readSignInFault, type SignInFaultCode } from '#shared/sign-in-fault.ts';
import { AppLayout } from './components/app-layout.tsx';
import { PageError, PageMissing, PageSkeleton } from './components/page-states.tsx';
import { readAuditSearch } from './pages/audit/audit-search.ts';
import { readCaptureSearch, text } from './pages/captures/capture-search.ts';
import { readUsageSearch } from './pages/usage/usage-search.ts';
import { readWebhookSearch } from './pages/webhooks/webhook-search.ts';
import { readProblem } from './problem.ts';
import { queryClient, trpc, whoAmI } from './trpc.ts';

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: PageMissing });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (raw: Record<string, unknown>): { next?: string; problem?: SignInFaultCode } => ({
    next: text(raw.next),
    problem: readSignInFault(raw.problem),
  }),
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/setup.tsx'), 'SetupPage'),
});

const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invite',
  component: lazyRouteComponent(() => import('./pages/invite.tsx'), 'InvitePage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: AppLayout,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(whoAmI);
    } catch (error) {
      if (readProblem(error).code !== 'not_signed_in') throw error;
      const { needed } = await queryClient.fetchQuery(trpc.auth.setupNeeded.queryOptions());
      throw needed
        ? redirect({ to: '/setup' })
        : redirect({ to: '/sign-in', search: { next: location.href === '/' ? undefined : location.href } });
    }
  },
});

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/overview.tsx'), 'OverviewPage'),
});

const capturesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/captures',
  validateSearch: readCaptureSearch,
  component: lazyRouteComponent(() => import('./pages/captures/captures.tsx'), 'CapturesPage'),
});

const captureRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/captures/$captureId',
  component: lazyRouteComponent(() => import('./pages/capture/capture.tsx'), 'CapturePage'),
});

const keysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys/keys.tsx'), 'KeysPage'),
});
const domainsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/domains',
  component: lazyRouteComponent(() => import('./pages/domains/domains.tsx'), 'DomainsPage'),
});
const webhooksRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./pages/webhooks/webhooks.tsx'), 'WebhooksPage'),
});
const webhookRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/webhooks/$webhookId',
  validateSearch: readWebhookSearch,
  component: lazyRouteComponent(() => import('./pages/webhooks/webhook.tsx'), 'WebhookPage'),
});
const membersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/members',
  component: lazyRouteComponent(() => import('./pages/members/members.tsx'), 'MembersPage'),
});
const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/audit.tsx'), 'AuditPage'),
});
const usageRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/usage',
  validateSearch: readUsageSearch,
  component: lazyRouteComponent(() => import('./pages/usage/usage.tsx'), 'UsagePage'),
});
const runnersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/runners',
  component: lazyRouteComponent(() => import('./pages/runners/runners.tsx'), 'RunnersPage'),
});
const accountRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account/account.tsx'), 'AccountPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    setupRoute,
    inviteRoute,
    shellRoute.addChildren([
      overviewRoute,
      capturesRoute,
      captureRoute,
      keysRoute,
      domainsRoute,
      webhooksRoute,
      webhookRoute,
      membersRoute,
      auditRoute,
      usageRoute,
      runnersRoute,
      accountRoute,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: PageMissing,
  scrollRestoration: true,
  // Search parameters are plain texts, so that `?reference=42` is written and read as people expect.
  parseSearch: parseSearchWith((value) => value),
  stringifySearch: stringifySearchWith(String),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
