import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from '../e2e/call-api.ts';
import type { Drill } from './drill.ts';
import { withInstances } from './em-instance.ts';
import { must, until } from './until.ts';

const CAPTURES = { short: 10, full: 50 };

export const em1: Drill = {
  id: 'EM1',
  title: 'Embedded: the instance killed in the middle of its captures',
  what: 'Killed with captures running, once the instance alone and once each of its processes; after the next start all of them succeed',
  isShort: false,
  run: async (_bed, size) =>
    await withInstances(async (start, folder) => {
      let up = start('--port', '0', '--concurrency', '2');
      const key = String((await up.waitFor('key')).key);
      await up.waitFor('capture');
      let api = createApi(String((await up.waitFor('ready')).url), key);
      const state = JSON.parse(readFileSync(join(folder, 'demo', 'demo-auth.json'), 'utf8'));
      const body = { url: `${state.origins[0].origin}/login`, delay: 1000, output: { format: 'png' } };
      const posted = await Promise.all(Array.from({ length: CAPTURES[size] }, () => api.call('POST', '/api/captures', body)));
      must(
        posted.every(({ status }) => status === 202),
        'not every capture was accepted',
      );
      for (const whole of [false, true]) {
        await until(
          'two captures run',
          async () => (await api.call('GET', '/api/captures?status=running')).body.data?.length === 2,
          60_000,
        );
        const { pid, children } = JSON.parse(readFileSync(join(folder, 'instance.json'), 'utf8'));
        const pids: number[] = [pid, ...(whole ? Object.values<{ pid: number }>(children).map((child) => child.pid) : [])];
        for (const each of pids) process.kill(each, 'SIGKILL');
        await up.exit;
        up = start('--port', '0', '--concurrency', '2');
        api = createApi(String((await up.waitFor('ready')).url), key);
      }
      const ends = await Promise.all(posted.map(({ body: { id } }) => api.follow(id, 240_000)));
      const failed = ends.filter(({ status }) => status !== 'succeeded');
      must(failed.length === 0, `failed: ${JSON.stringify(failed.map(({ error }) => error))}`);
      return `killed twice, ${ends.length} of ${ends.length} succeeded, ${ends.filter(({ attempts }) => attempts.length > 1).length} by more than one attempt`;
    }),
};
