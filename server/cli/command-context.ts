import type { Command } from 'commander';
import { z } from 'zod';
import { readDatabaseAddress, readDataDir } from './config.ts';
import { connectOperator, createOperator, type InstanceOperator, type Operator } from './operator-client.ts';
import type { Terminal } from './terminal.ts';

/** What every command is built with. */
export type CommandContext = { terminal: Terminal };
/** What a command that talks to the running instance has at hand. */
export type InstanceSession = { operator: InstanceOperator; dataDir: string; json: boolean };
/** What a command that administers has at hand: the running instance, or the database of a distributed set-up. */
export type Session = { operator: Operator; dataDir: string; json: boolean };

const flagsSchema = z.looseObject({ dataDir: z.string().optional(), workspace: z.string().optional(), json: z.boolean().default(false) });

/** Adds the options that all commands share which talk to the running instance. */
export function withInstance(command: Command): Command {
  return withDataDir(command).option('--workspace <NAME>', 'name or id of the workspace, where there are several');
}

export function withDataDir(command: Command): Command {
  return command.option('--data-dir <DIR>', 'data folder of the instance (SESSIONSHOT_DATA_DIR)').option('--json', 'print JSON');
}

/** Connects to the running instance as the options of a command say. */
export function openInstanceSession(command: Command): InstanceSession {
  const flags = flagsSchema.parse(command.opts());
  const dataDir = readDataDir(flags.dataDir);
  return { operator: connectOperator(dataDir, flags.workspace), dataDir, json: flags.json };
}

/**
 * Finds what a command administers. DATABASE_URL means a distributed set-up, which has no data folder to go by;
 * --data-dir is said on purpose and wins.
 */
export async function openSession(command: Command): Promise<Session> {
  const flags = flagsSchema.parse(command.opts());
  const address = flags.dataDir === undefined ? readDatabaseAddress() : null;
  if (address === null) return openInstanceSession(command);
  // The database's client takes most of a second to load: commands to an instance do without.
  const { createDatabaseTransport } = await import('./database-operator.ts');
  return { operator: createOperator(createDatabaseTransport(address), flags.workspace), dataDir: readDataDir(undefined), json: flags.json };
}

/** Puts examples at the top of a command's help: what people look for first. */
export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText('before', `Examples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`);
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
