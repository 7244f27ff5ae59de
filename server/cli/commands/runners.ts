import type { Command } from 'commander';
import { z } from 'zod';
import { type RunnerView, runnerViewSchema } from '#shared/console.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import { inLine, table } from '../terminal.ts';

/** `runners list | revoke`: those that there are, as `keys` does for API keys. One is made by `runner token`. */
export function addRunners(program: Command, { terminal }: CommandContext): void {
  const runners = program.command('runners').description('runners that have a token: list, revoke');
  examples(runners, ['sessionshot runners list', 'sessionshot runners revoke run_01J…']);

  withInstance(runners.command('list').description('list the runners of the instance; they serve every workspace')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const list = await operator.call('runners.list', z.array(runnerViewSchema));
      if (json) return terminal.json(list);
      if (list.length === 0) return terminal.say('There are no runners yet: `sessionshot runner token NAME` makes the token of one.');
      terminal.out(table([['ID', 'NAME', 'STATE', 'SEEN', 'SANDBOX', 'BROWSER', 'SINCE'], ...list.map(row)]));
    },
  );

  const revoke = withInstance(
    runners
      .command('revoke')
      .argument('ID')
      .description('end the token of a runner at once; what it holds is taken back when its lease ends'),
  );
  examples(revoke, ['sessionshot runners revoke run_01J…']).action(async (id: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const revoked = await operator.call('runners.revoke', runnerViewSchema, { id });
    if (json) return terminal.json(revoked);
    terminal.say(`${terminal.style('green', '✔')} The token of ${inLine(revoked.name)} (${revoked.id}) is revoked.`);
  });
}

function row({ id, name, revokedAt, online, lastSeenAt, sandbox, browser, createdAt }: RunnerView): string[] {
  const state = revokedAt ? 'revoked' : online ? 'online' : 'offline';
  const chromium = browser ? browser.version + (browser.isOld ? ' (old)' : '') : '-';
  return [id, name, state, lastSeenAt?.slice(0, 16).replace('T', ' ') ?? 'never', sandbox ?? '-', chromium, createdAt.slice(0, 10)];
}
