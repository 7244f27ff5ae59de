import type { Drill } from './drill.ts';
import { withInstances } from './em-instance.ts';
import { must } from './until.ts';

const STOP_MS_MAX = 20_000;

/** The second Ctrl-C needs a part that hangs: `tests/embedded/up.test.ts` stops the storage for that. */
export const em4: Drill = {
  id: 'EM4',
  title: 'Embedded: Ctrl-C',
  what: 'It drains and exits with 0 within 20 s. (The second Ctrl-C, at once, is in `tests/embedded/up.test.ts`.)',
  isShort: false,
  run: async () =>
    await withInstances(async (start) => {
      const up = start('--port', '0', '--no-runner');
      await up.waitFor('ready');
      const from = Date.now();
      const code = await up.stop('SIGINT');
      const ms = Date.now() - from;
      must(code === 0, `exit code ${code}`);
      must(ms < STOP_MS_MAX, `it took ${ms} ms`);
      return `exit code 0 after ${(ms / 1000).toFixed(1)} s`;
    }),
};
