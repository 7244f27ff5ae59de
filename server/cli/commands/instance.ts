import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT } from '#server/embedded/operator-error.ts';
import { type CommandContext, openInstanceSession, openSession, withInstance } from '../command-context.ts';
import { workSchema } from '../stop-progress.ts';
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
  browsers: z.object({ oldest: z.string().nullable(), tooOld: z.int() }),
  poolKeys: z.array(z.string()),
  work: workSchema,
});
const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });

/** Which key captures are sealed to, and which others clients may seal to. */
function sealedTo([first, ...others]: readonly string[]): string {
  if (first === undefined) return 'none that may be sealed to: `sessionshot runner keygen --rotate` makes one';
  return [first, ...(others.length > 0 ? [`and ${others.length} older`] : [])].join(' ');
}

/** `status | open` */
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
        if (status.work) row('captures', `${status.work.running} running, ${status.work.waiting} waiting`);
        row('keys', sealedTo(status.poolKeys));
        row('runners', `${status.runnersOnline ?? 'unknown'} online, sandbox ${status.sandbox}`);
        const { oldest, tooOld } = status.browsers;
        if (oldest !== null) row('browser', `Chromium ${oldest}${tooOld > 0 ? `, too old on ${tooOld} of the runners: update it` : ''}`);
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
}
