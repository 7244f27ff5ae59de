import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from '../e2e/call-api.ts';
import type { Drill } from './drill.ts';
import { withInstances } from './em-instance.ts';
import { must, until } from './until.ts';

const ROUNDS = { short: 3, full: 30 };
const POSTS = 12;
const KILL_MS_MAX = 30;

export const em2: Drill = {
  id: 'EM2',
  title: 'Embedded: killed while PostgreSQL writes',
  what: 'Every process of the instance is killed after a random number of parallel posts was answered. The database opens again; what was answered 202 is there, and each key has one capture, complete enough to be read',
  isShort: false,
  run: async (_bed, size) =>
    await withInstances(async (start, folder) => {
      let up = start('--port', '0', '--no-runner');
      const key = String((await up.waitFor('key')).key);
      let api = createApi(String((await up.waitFor('ready')).url), key);
      const state = JSON.parse(readFileSync(join(folder, 'demo', 'demo-auth.json'), 'utf8'));
      const body = { url: `${state.origins[0].origin}/login`, output: { format: 'png' } };
      const post = async (round: number, index: number) =>
        await api.call('POST', '/api/captures', body, { 'idempotency-key': `em2-${round}-${index}` });
      const known = new Set<string>();
      let cut = 0;
      let kept = 0;
      for (let round = 0; round < ROUNDS[size]; round++) {
        let answered = 0;
        const count = <T>(answer: T) => {
          answered += 1;
          return answer;
        };
        const posting = Array.from({ length: POSTS }, (_, index) => post(round, index).then(count, () => null)); // cut by the kill
        const enough = Math.floor(Math.random() * (POSTS - 1));
        await until('some posts are answered', () => answered >= enough, 60_000);
        await sleep(Math.random() * KILL_MS_MAX);
        const { pid, children } = JSON.parse(readFileSync(join(folder, 'instance.json'), 'utf8'));
        const pids: number[] = [pid, ...Object.values<{ pid: number }>(children).map((child) => child.pid)];
        for (const each of pids) process.kill(each, 'SIGKILL');
        await up.exit;
        const answers = (await Promise.all(posting)).map((answer) => (answer?.status === 202 ? answer.body.id : null));
        cut += answers.filter((id) => id === null).length;
        up = start('--port', '0', '--no-runner');
        api = createApi(String((await up.waitFor('ready')).url), key);
        for (const [index, before] of answers.entries()) {
          const { status, headers, body: again } = await post(round, index);
          if (before === null && headers.get('idempotent-replayed') === 'true') kept += 1;
          must(status === 202, `a repetition was answered ${status}`);
          must(before === null || before === again.id, `${before} was answered before the kill, ${again.id} after it`);
          must((await api.call('GET', `/api/captures/${again.id}`)).body.status === 'queued', `${again.id} is not there whole`);
          known.add(again.id);
        }
      }
      must(known.size === ROUNDS[size] * POSTS, `${known.size} captures for ${ROUNDS[size] * POSTS} keys`);
      const listed = (await api.call('GET', '/api/captures?limit=100')).body.data ?? [];
      const strange = listed.filter(({ id }) => !known.has(id));
      must(strange.length === 0, `${strange.length} captures belong to no key`);
      return `killed ${ROUNDS[size]} times, ${cut} of ${known.size} posts cut, ${kept} of them after their commit; each key has one capture, and nothing else is there`;
    }),
};
