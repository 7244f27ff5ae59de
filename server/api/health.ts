import { z } from 'zod';
import { countOnlineRunners, readBrowsers } from '../domain/access/runners.ts';
import { findActiveKeys } from '../domain/jobs/list-pool-keys.ts';
import { checkPart, isDatabaseUp } from '../domain/measure-instance.ts';
import type { Instance } from './context.ts';

const part = z.string().describe('`ok`, or why not.');

/** The state of an instance. `degraded`: it takes requests, but a part that captures need is missing. */
export const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable', 'draining']),
    database: part,
    storage: part,
    queue: part,
    runnersOnline: z.int().nullable(),
    sandbox: z
      .enum(['on', 'off', 'unknown'])
      .describe(
        'Whether the sandbox holds the browsers of all runners online; `off` when one is without, `unknown` when one has not told.',
      ),
    browsers: z
      .object({ oldest: z.string().nullable(), tooOld: z.int() })
      .describe('Of the runners online: the lowest version of Chromium that one has told, and how many have one that is too old.'),
    sealing: part,
    poolKeys: z.array(z.string()).describe('Ids of the public keys that may be sealed to; captures are sealed to the first.'),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof healthSchema>;

/** A blob name that nothing has: asking for it shows whether the storage answers. */
const PROBE_BLOB = '.sessionshot/health';

/**
 * Asks each part, at most two seconds each. A broker that is down degrades only: captures are accepted and announced
 * later. Without database, storage or sealing nothing can be accepted.
 */
export async function readHealth(instance: Instance): Promise<Health> {
  const { deps } = instance;
  const [database, storage, queue, runners, said, keys] = await Promise.all([
    isDatabaseUp(deps).then((up) => (up ? 'ok' : 'not reachable')),
    checkPart(() => deps.blobs.stat(PROBE_BLOB)).then((state) => state.detail),
    queueState(instance),
    countOnlineRunners(deps).catch(() => null), // the database is away, which `database` tells
    readBrowsers(deps).catch(() => ({ sandbox: 'unknown' as const, browsers: { oldest: null, tooOld: 0 } })),
    findActiveKeys(deps).catch(() => null),
  ]);
  const poolKeys = keys?.map(({ kid }) => kid) ?? [];
  const sealing = sealingState(deps.sealer !== null, keys?.length ?? null);
  const unavailable = database !== 'ok' || storage !== 'ok' || sealing !== 'ok';
  const degraded = queue !== 'ok' || runners === 0 || said.sandbox === 'off';
  const status = instance.drain.aborted ? 'draining' : unavailable ? 'unavailable' : degraded ? 'degraded' : 'ok';
  return { status, database, storage, queue, runnersOnline: runners, ...said, sealing, poolKeys };
}

/** Without the database nobody knows which keys are revoked, and `database` tells that. */
function sealingState(isConfigured: boolean, active: number | null): string {
  if (!isConfigured) return 'no public key of the runners is configured';
  return active === 0 ? 'every public key of the runners is revoked' : 'ok';
}

async function queueState(instance: Instance): Promise<string> {
  let answer = 'ok';
  const state = await checkPart(async () => {
    answer = await instance.deps.queue.health();
  });
  return state.ok ? answer : state.detail;
}
