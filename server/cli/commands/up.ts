import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type CommandContext, examples } from '../command-context.ts';
import { readSettings } from '../config.ts';

const flagsSchema = z.looseObject({
  port: z.string().optional(),
  host: z.string().optional(),
  dataDir: z.string().optional(),
  concurrency: z.string().optional(),
  logLevel: z.string().optional(),
  window: z.boolean().default(false),
  browser: z.boolean().default(false),
  // Commander gives what has a --no- form the value true when it is not named.
  open: z.boolean().default(true),
  runner: z.boolean().default(true),
  once: z.boolean().default(false),
  allowNoSandbox: z.boolean().optional(),
  json: z.boolean().default(false),
});

/** `up`: everything on this machine with one command. */
export function addUp(program: Command, { terminal }: CommandContext, version: string): void {
  const up = program
    .command('up')
    .description('start everything on this machine: database, storage, console, API, a runner, the demo app')
    .option('--port <N>', 'port of console and API; 0 for any free one (default 4180)')
    .option('--host <ADDRESS>', 'address to listen on (default 127.0.0.1)')
    .option('--data-dir <DIR>', 'where everything is kept')
    .option('--window', 'open the console in a window of its own')
    .option('--browser', 'open the console in the browser')
    .option('--no-open', 'open nothing (the default)')
    .option('--concurrency <N>', 'captures at the same time (default: by cores and memory)')
    .option('--no-runner', 'start no runner: others connect to this instance')
    .option('--once', 'make one capture of the demo app, then stop; exit 0 if it succeeded')
    .option('--allow-no-sandbox', 'let Chromium run without its sandbox; shown in the console')
    .option('--log-level <LEVEL>', 'debug, info, warn or error (default info); logs are files in the data folder')
    .option('--json', 'print events as JSON, one a line');
  examples(up, [
    'npm start',
    'npm start -- --once --json',
    'sessionshot up --port 0 --data-dir ./data',
    'sessionshot up --host 0.0.0.0 --port 8080',
  ]).action(async (_flags: unknown, command: Command) => {
    const flags = flagsSchema.parse(command.opts());
    if (flags.once && !flags.runner)
      throw new OperatorError(EXIT.usage, 'contradiction', '--once makes a capture and needs a runner.', 'Leave out --no-runner.');
    const settings = readSettings({
      port: flags.port,
      host: flags.host,
      dataDir: flags.dataDir,
      concurrency: flags.concurrency,
      logLevel: flags.logLevel,
      allowNoSandbox: flags.allowNoSandbox,
      runner: flags.runner ? undefined : false,
      open: flags.window ? 'window' : flags.browser ? 'browser' : flags.open ? undefined : 'none',
    });
    const isDefaultDataDir = settings.dataDir === readSettings({ dataDir: undefined }).dataDir && flags.dataDir === undefined;
    if (settings.open === 'window') terminal.say('A window of its own is not there yet: the console opens in your browser.');
    // What an instance is made of takes most of a second to load: other commands do without.
    const { runUp } = await import('../up/run-up.ts');
    process.exitCode = await runUp({ settings, version, isDefaultDataDir, once: flags.once, json: flags.json }, terminal);
  });
}
