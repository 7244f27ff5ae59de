import { trpc } from '#client/trpc.ts';
import { LIMITS } from '#shared/limits.ts';

const EVERY_MS = 30_000;

/** All endpoints of the workspace: there are never more than fit into one page. */
export const endpointList = trpc.webhooks.list.queryOptions({ limit: LIMITS.webhookEndpointsMax }, { refetchInterval: EVERY_MS });
