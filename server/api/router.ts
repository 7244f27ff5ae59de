import { authRouter, domainsRouter, keysRouter, runnersRouter } from './access.router.ts';
import { sessionsRouter, totpRouter } from './account.router.ts';
import { auditRouter } from './audit.router.ts';
import { capturesRouter } from './captures.router.ts';
import { invitesRouter, membersRouter, workspacesRouter } from './members.router.ts';
import { createCallerFactory, router } from './procedures.ts';
import { payloadsRouter, poolKeysRouter } from './sealing.router.ts';
import { systemRouter } from './system.router.ts';
import { usageRouter } from './usage.router.ts';
import { webhooksRouter } from './webhooks.router.ts';

/** Everything that can be asked of SessionShot. REST and the command line call the same procedures. */
export const appRouter = router({
  auth: authRouter,
  totp: totpRouter,
  sessions: sessionsRouter,
  captures: capturesRouter,
  keys: keysRouter,
  domains: domainsRouter,
  runners: runnersRouter,
  members: membersRouter,
  invites: invitesRouter,
  workspaces: workspacesRouter,
  poolKeys: poolKeysRouter,
  payloads: payloadsRouter,
  audit: auditRouter,
  webhooks: webhooksRouter,
  usage: usageRouter,
  system: systemRouter,
});

/** The one thing that the console knows of the server. */
export type AppRouter = typeof appRouter;

/** Calls procedures within the process: how REST reaches them. */
export const createCaller = createCallerFactory(appRouter);
