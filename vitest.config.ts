import { defineConfig } from 'vitest/config';

const SERVICES = 'tests/services/global-setup.ts';

/**
 * `shared` needs nothing and runs in a second; `unit` lies beside the files; `truth` holds the engine against pages that lie
 * in wait for it, two files at a time; `integration` starts whole programs and
 * browsers, one file after the other, because two at once would fight over a small machine and blur every time limit.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    teardownTimeout: 60_000,
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
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/truth/**'],
          globalSetup: SERVICES,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
