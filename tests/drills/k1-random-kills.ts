import { setTimeout as sleep } from 'node:timers/promises';
import { endService, type ServiceName } from '../services/global-setup.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, startLoad } from './run-load.ts';
import type { Bed, Program } from './start-bed.ts';
import { must } from './until.ts';

const FOR_MS = { short: 90_000, full: 600_000 };
const EVERY_MS = 9000;
/** How long what was killed stays away, at random up to this. */
const AWAY_MS_MAX = 5000;
const POST_EVERY_MS = 1000;
const SETTLE_MS = 400_000;
/** What a capture may end as whose runner, browser or store went away in each of its attempts. */
const MAY_FAIL = ['runner_lost', 'poison', 'storage_unavailable', 'browser_crashed', 'navigation_timeout', 'target_unreachable'];

type Victim = { name: string; kill(): Promise<() => Promise<unknown>> };

export const k1: Drill = {
  id: 'K1',
  title: 'Any process killed at random, for ten minutes',
  what: 'Two servers, three runners, PostgreSQL, RabbitMQ and the storage, one of them every nine seconds by SIGKILL, back within five; captures are posted all the while. Every 202 is final, none is lost or doubled, and what `/metrics` counts is what the database has. (Azurite ends by SIGTERM: it writes its index down now and then, and would lose blobs that it had confirmed.)',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const third = await bed.addRunner('runner-3');
    const victims = [...bed.servers, ...bed.runners, third].map(programOf);
    victims.push(serviceOf('PostgreSQL', 'SIGKILL'), serviceOf('RabbitMQ', 'SIGKILL'), serviceOf('Azurite', 'SIGTERM'));
    const end = Date.now() + FOR_MS[size];
    const posting: Promise<string>[] = [];
    const poster = async () => {
      for (let n = 0; Date.now() < end; n++) {
        posting.push(post(bed, load, `${load.reference}-${n}`, { server: n, delayMs: 1000 }));
        await sleep(POST_EVERY_MS);
      }
    };
    const killed = new Map<string, number>();
    const returning: Promise<unknown>[] = [];
    const away = new Set<string>();
    const killer = async () => {
      while (Date.now() < end) {
        await sleep(EVERY_MS);
        const here = victims.filter(({ name }) => !away.has(name));
        const victim = here[Math.floor(Math.random() * here.length)];
        if (!victim) continue;
        killed.set(victim.name, (killed.get(victim.name) ?? 0) + 1);
        away.add(victim.name);
        const back = await victim.kill();
        returning.push(comeBack(back).finally(() => away.delete(victim.name)));
      }
    };
    await Promise.all([poster(), killer()]);
    await Promise.all(returning);
    await Promise.all(posting);
    const rows = await checkInvariants(bed, load, { mayFail: MAY_FAIL, settleMs: SETTLE_MS });
    await checkCounters(bed);
    const failed = rows.filter(({ status }) => status === 'failed').map(({ code }) => code);
    const repeated = rows.filter(({ attempts }) => attempts > 1).length;
    const kills = [...killed].map(([name, times]) => `${name} ${times}`).join(', ');
    return `${[...killed.values()].reduce((sum, each) => sum + each, 0)} kills (${kills}); ${rows.length} captures accepted, all final: ${rows.length - failed.length} succeeded, ${repeated} of all by more than one attempt, failed: ${failed.length === 0 ? 'none' : failed.join(', ')}; the counters agree`;
  },
};

async function comeBack(back: () => Promise<unknown>): Promise<unknown> {
  await sleep(Math.random() * AWAY_MS_MAX);
  return await back();
}

function programOf(program: Program): Victim {
  return {
    name: program.name,
    kill: async () => {
      await program.now().stop('SIGKILL');
      return async () => await startPatiently(program);
    },
  };
}

/** A runner or a server that starts while a store is away may give up: a supervisor starts it again. */
async function startPatiently(program: Program): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await program.start();
      return;
    } catch (error) {
      if (tries === 5) throw error;
      await sleep(2000);
    }
  }
}

function serviceOf(name: ServiceName, signal: NodeJS.Signals): Victim {
  return { name, kill: async () => await endService(name, signal) };
}

/** Both servers count the captures of the last hour as the database has them, and none as lost. */
async function checkCounters(bed: Bed): Promise<void> {
  const [row] = await query<{ n: number }>(bed, `select count(*)::int as n from capture where created_at > now() - interval '1 hour'`);
  for (const { name, url } of bed.servers) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = [...text.matchAll(/^sessionshot_captures_last_hour\{[^}]*\} (\d+)$/gm)];
    const counted = lines.reduce((sum, [, n]) => sum + Number(n), 0);
    must(counted === row?.n, `${name} counts ${counted} captures, the database has ${row?.n}`);
    must(/^sessionshot_captures_lost 0$/m.test(text), `${name} counts captures that are lost`);
  }
}
