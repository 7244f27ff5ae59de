import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Drill } from './drill.ts';
import { withInstances } from './em-instance.ts';
import { must } from './until.ts';

export const em5: Drill = {
  id: 'EM5',
  title: 'Embedded: the port is taken',
  what: 'It says which port, and ends with another exit code than 0',
  isShort: false,
  run: async () =>
    await withInstances(async (start) => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const address = holder.address();
      must(address !== null && typeof address === 'object', 'no port');
      try {
        const up = start('--port', String(address.port), '--no-runner');
        const code = await up.exit;
        const error = up.events.find(({ event }) => event === 'error');
        must(code !== 0 && error !== undefined, `it ended with ${code} and said ${up.stdout()}`);
        must(String(error.message).includes(String(address.port)), `the port is not named: ${error.message}`);
        return `exit code ${code}: “${error.message}”`;
      } finally {
        holder.close();
      }
    }),
};
