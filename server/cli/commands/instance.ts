import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { findInstance } from '#server/embedded/instance.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type CommandContext, openInstanceSession, openSession, withInstance } from '../command-context.ts';
import { openInBrowser } from '../up/open-url.ts';

const statusSchema = z.looseObject({
  status: z.string(),
  url: z.string(),
  pid: z.int(),
  database: z.string(),
  storage: z.string(),
  queue: z.string(),
  runnersOnline: z.int().nullable(),
  sandbox: z.string(),
});
const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });
/** The drain of the runner (20 s), its margin, and the shutdown of database and storage. */
const STOP_MS_MAX = 60_000;
const POLL_MS = 100;

/** `status | open | stop` */
export function addInstance(program: Command, { terminal }: CommandContext): void {
  withInstance(program.command('status').description('health of the running instance; exit 0, or 69 when it cannot take captures')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json, dataDir } = openInstanceSession(command);
      const status = await operator.status(statusSchema);
      if (json) terminal.json(status);
      else {
        const colour = status.status === 'ok' ? 'green' : status.status === 'degraded' ? 'yellow' : 'red';
        const row = (name: string, value: string) => terminal.out(`${name.padEnd(10)} ${value}`);
        row('status', terminal.style(colour, status.status, 'out'));
        row('console', status.url);
        row('process', `${status.pid}, since ${operator.instance.startedAt}`);
        row('data', dataDir);
        row('database', status.database);
        row('storage', status.storage);
        row('queue', status.queue);
        row('runners', `${status.runnersOnline ?? 'unknown'} online, sandbox ${status.sandbox}`);
      }
      process.exitCode = status.status === 'ok' || status.status === 'degraded' ? EXIT.ok : EXIT.unavailable;
    },
  );

  withInstance(program.command('open').description('make a new one-time sign-in link and open it'))
    .option('--no-open', 'print the link only')
    .action(async (_flags: unknown, command: Command) => {
      const { operator, json, dataDir } = await openSession(command);
      const link = await operator.call('sign-in-link', linkSchema);
      if (json) return terminal.json(link);
      terminal.out(link.url);
      terminal.say('One use, 15 minutes.');
      const flags = z.looseObject({ open: z.boolean().default(true) }).parse(command.opts());
      if (!flags.open || !terminal.isLive) return;
      const hindrance = await openInBrowser(link.url, dataDir);
      if (hindrance) terminal.say(hindrance);
    });

  withInstance(program.command('stop').description('stop the running instance: running captures end first (20 s)')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json, dataDir } = openInstanceSession(command);
      await operator.stop();
      const end = Date.now() + STOP_MS_MAX;
      while (findInstance(dataDir)?.pid === operator.instance.pid) {
        if (Date.now() > end)
          throw new OperatorError(
            EXIT.timedOut,
            'not_stopped',
            `The instance (pid ${operator.instance.pid}) is still there after ${STOP_MS_MAX / 1000} s.`,
            `End it at once with two signals: kill ${operator.instance.pid}; sleep 1; kill ${operator.instance.pid}`,
          );
        await wait(POLL_MS);
      }
      if (json) terminal.json({ stopped: true, pid: operator.instance.pid });
      else terminal.say(`${terminal.style('green', '✔')} stopped (pid ${operator.instance.pid}).`);
    },
  );
}
