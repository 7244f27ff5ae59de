import type { Drill } from './drill.ts';
import { withInstances } from './em-instance.ts';
import { must } from './until.ts';

export const em3: Drill = {
  id: 'EM3',
  title: 'Embedded: two processes on one data folder',
  what: 'The second one refuses with a clear line and another exit code than 0; the first one goes on',
  isShort: false,
  run: async () =>
    await withInstances(async (start) => {
      const first = start('--port', '0', '--no-runner');
      const { url } = await first.waitFor('ready');
      const second = start('--port', '0', '--no-runner');
      const code = await second.exit;
      const error = second.events.find(({ event }) => event === 'error');
      must(code !== 0 && error !== undefined, `the second one ended with ${code} and said ${second.stdout()}`);
      must((await fetch(new URL('/healthz', String(url)))).ok, 'the first one answers no more');
      return `exit code ${code}: “${error.message} ${error.remedy ?? ''}”`.replaceAll(/\/\S*sessionshot-drill\S*/g, '(folder)');
    }),
};
