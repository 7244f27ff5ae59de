import { setTimeout as wait } from 'node:timers/promises';
import { describeBrowserAge } from '#shared/browser-age.ts';
import { armFaultPoint } from '#shared/fault-points.ts';
import { forbidCoreDumps } from '#shared/forbid-core-dumps.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog, type Log } from '#shared/log.ts';
import { runAttempt } from './attempt.ts';
import { capturePage } from './browser/capture-page.ts';
import { openBrowsers } from './browser/launch/open-browsers.ts';
import type { SelfTestResult } from './browser/launch/self-test.ts';
import { type RunnerConfig, setTemporaryFolder } from './config.ts';
import { createControlPlane } from './control-plane.ts';
import type { JobSource } from './job-source/job-source.ts';
import { createPollJobSource } from './job-source/poll-job-source.ts';
import { createRabbitJobSource } from './job-source/rabbit-job-source.ts';
import { openKeyRing } from './key-ring.ts';
import { keepAliveNote } from './liveness.ts';
import { startRunLoop } from './run-loop.ts';
import { countSlots, createSlots } from './slots.ts';
import { tellBrowsers } from './tell-browsers.ts';
import { watchStop } from './watch-stop.ts';
import { openWorkFolder, type WorkFolder } from './work-folder.ts';

/** Something a page did came past the egress proxy, or the test could not be run: this runner takes no job. */
export class SelfTestFailed extends Error {
  override name = 'SelfTestFailed';
}

const CLOSE_MS_MAX = 3 * LIMITS.browserCloseMsMax;

/**
 * Runs the runner until it is told to stop: proves its browser safe, then takes jobs, and drains at the end. Prints
 * `ready` for its parent on stdout. Resolves with the exit code; throws what makes it unfit to start.
 */
export async function runRunner(config: RunnerConfig): Promise<number> {
  const log = createLog('runner', config.logLevel);
  const stop = watchStop({ isEmbedded: config.isEmbedded, log });
  armFaultPoint(config.faultPlan);
  if (config.faultPlan) log.error('A FAULT POINT IS ARMED: this runner will end on purpose', { step: config.faultPlan.point });
  await forbidCoreDumps(log);
  const keys = await openKeyRing(config.keyFile, log);
  const slots = createSlots(config.slots ?? countSlots(), log);
  const folder = await openWorkFolder(config.workDir, log, slots.size);
  setTemporaryFolder(folder.temporary);
  try {
    const browsers = await openBrowsers({ ...config, slots: slots.size, folder, log });
    const { sandbox, version } = await proveSafe(browsers.selfTest, log);
    const isOld = describeBrowserAge(version, new Date(), config.browserAgeDaysMax);
    if (isOld) log.warn('the browser is old: update it, for holes in old ones are known', { reason: isOld });
    await browsers.pool.warmUp();
    // A later browser may do without, where that is allowed.
    const told = () => tellBrowsers({ sandbox: browsers.pool.state().sandbox === 'off' ? 'off' : sandbox, version, isOld: isOld !== null });
    const control = createControlPlane({ serverUrl: config.serverUrl, token: config.token, browsers: told, log });
    const source: JobSource = config.rabbitmqUrl
      ? createRabbitJobSource({ url: config.rabbitmqUrl, control, slots, log })
      : createPollJobSource({ control, slots, log });
    const places = () => createSlots(slots.size, log, () => Number.POSITIVE_INFINITY); // memory is looked at before a claim
    const deps = {
      control,
      pool: browsers.pool,
      slots: { browser: places(), store: places() },
      keys,
      capture: capturePage,
      spool: folder.spool,
      log,
    };
    const alive = await keepAliveNote(folder.path, log);
    const loop = startRunLoop({ source, attempt: (claim, surroundings) => runAttempt(deps, claim, surroundings), slots, log });
    const facts = { slots: slots.size, browser: browsers.found.path, version, sandbox, profiles: folder.profilesIn };
    process.stdout.write(`${JSON.stringify({ event: 'ready', ...facts })}\n`);
    log.info('ready', {
      count: slots.size,
      state: `sandbox ${sandbox}, profiles ${folder.profilesIn === 'memory' ? 'in memory' : 'on disk'}`,
    });
    const why = await stop.requested;
    // With the parent gone there is nobody to report to for long: only the page's grace is waited for.
    await within(
      loop.drain(why === 'parent gone' ? 0 : config.drainMs),
      why === 'parent gone' ? LIMITS.abortGraceMs : LIMITS.deadlineMsMax,
    );
    // A browser that does not let go is ended by the next start, which finds it in the work folder.
    await within(browsers.pool.close(), CLOSE_MS_MAX);
    alive.stop();
  } finally {
    await removeFolder(folder, log);
    stop.end();
  }
  return 0;
}

async function proveSafe(selfTest: () => Promise<SelfTestResult>, log: Log) {
  const result = await selfTest();
  if (!result.ok) throw new SelfTestFailed(`The self-test failed, so no job is taken: ${result.leaks.join('; ')}.`);
  if (result.sandbox === 'off') log.warn('the browser runs WITHOUT its sandbox, as allowed', { state: 'sandbox off' });
  log.info('self-test passed', { ms: result.ms });
  return result;
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, wait(ms, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}

async function removeFolder(folder: WorkFolder, log: Log): Promise<void> {
  await folder.remove().catch((error: unknown) => log.warn('the work folder could not be removed; the next start does', { error }));
}
