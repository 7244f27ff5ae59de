import type { Command } from 'commander';
import { readServerConfig } from '#server/config.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type CommandContext, examples } from '../command-context.ts';
import { readExternalParts } from '../config.ts';

/**
 * `server` and `migrate`: the parts of a distributed set-up, configured by environment. What they are made of is loaded
 * when it is needed: it takes most of a second.
 */
export function addServer(program: Command, { terminal }: CommandContext): void {
  const server = program.command('server').description('the server alone, configured by environment (distributed set-up)');
  examples(server, ['DATABASE_URL=… AZURE_STORAGE_ACCOUNT_URL=… SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE=… sessionshot server']).action(
    async () => {
      const { runServer } = await import('#server/main.ts');
      process.exitCode = await runServer(readServerConfig());
    },
  );

  const command = program
    .command('migrate')
    .description('bring the database of DATABASE_URL up to date; safe to repeat and to run twice at once');
  command.action(async () => {
    const { databaseUrl } = readExternalParts();
    if (!databaseUrl)
      throw new OperatorError(
        EXIT.configuration,
        'no_database_url',
        'DATABASE_URL is not set.',
        'Set it to the database to migrate; `sessionshot up` migrates its own.',
      );
    const [{ migrate }, { openOrm }] = await Promise.all([import('#server/db/migrate.ts'), import('#server/db/orm.ts')]);
    const orm = await openOrm(databaseUrl, 2);
    try {
      await migrate(orm);
    } catch (cause) {
      throw new OperatorError(
        EXIT.unavailable,
        'not_migrated',
        `The database could not be brought up to date: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
        'Check that it is reachable and that this role owns the schema.',
        { cause },
      );
    } finally {
      await orm.close(true);
    }
    terminal.say(`${terminal.style('green', '✔')} the database is up to date.`);
  });
}
