import { defineConfig } from 'vitest/config';

const SERVICES = 'tests/services/global-setup.ts';
/** Files that talk to a server in the test's own process, look at its console, or start single parts of the product. */
const SERVERS = [
  'tests/{api,architecture,check,console,embedded,infra,runner,server,services,shared}/**/*.test.ts',
  'tests/security/{access-matrix,allowed-domains,audit-log,bodies,egress,egress-*,foreign-ids,route-matrix,target-urls,transport}.test.ts',
];

/**
 * `shared` needs nothing and runs in a second; `unit` lies beside the files; `truth` holds the engine against pages that lie
 * in wait for it; `servers` hold the server to its contracts, and single parts to theirs. All of these run two files at a time. `integration` starts
 * whole programs with runners, one file after the other, because two at once would fight over a small machine and blur
 * every time limit.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    teardownTimeout: 60_000,
    // One second, the default, is less than a page takes to reload on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // A test that takes longer than this is marked; none may wait without a bound.
    slowTestThreshold: 5000,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: ['shared/**/*.test.ts', 'bench/**/*.test.ts'], testTimeout: 10_000, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['server/**/*.test.ts', 'runner/**/*.test.ts', 'demo/**/*.test.ts', 'client/**/*.test.ts'],
          globalSetup: SERVICES,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'truth',
          include: ['tests/truth/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: SERVERS,
          globalSetup: SERVICES,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/truth/**', ...SERVERS],
          globalSetup: SERVICES,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
