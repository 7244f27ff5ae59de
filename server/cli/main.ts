import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { ConfigError } from '../config.ts';
import { AppError } from '../domain/app-error.ts';
import { EXIT } from '../embedded/operator-error.ts';
import { PROJECT_ROOT } from '../embedded/project-root.ts';
import { type CommandContext, examples } from './command-context.ts';
import { addAudit } from './commands/audit.ts';
import { addCapture } from './commands/capture.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDomains } from './commands/domains.ts';
import { addHolds } from './commands/holds.ts';
import { addInstance } from './commands/instance.ts';
import { addKeys } from './commands/keys.ts';
import { addPurge } from './commands/purge.ts';
import { addRunner } from './commands/runner.ts';
import { addRunners } from './commands/runners.ts';
import { addServer } from './commands/server.ts';
import { addDemo, addOpenApi, addTotp } from './commands/small.ts';
import { addStop } from './commands/stop.ts';
import { addUp } from './commands/up.ts';
import { addWebhooks } from './commands/webhooks.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { toOperatorError } from './up/progress.ts';

// The command line: parses, calls, prints. Data goes to stdout, messages to stderr, and each kind of failure has its
// exit code. What commands do lies in commands/ (talking to an instance) and up/ (being one).

/** Puts the program together. Reading arguments never exits the process: the caller gets a `CommanderError`. */
export function createProgram(context: CommandContext, version: string): Command {
  const program = new Command('sessionshot')
    .description('Authenticated screenshots and PDFs: one call in, a private, signed capture out.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for usage)')
    .configureOutput({
      writeOut: (text) => context.terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => context.terminal.say(text.trimEnd()),
    });
  examples(program, [
    'sessionshot up',
    'sessionshot keys create ci --expires 90d',
    'sessionshot domains add app.example.com',
    'sessionshot capture https://app.example.com/ -o app.png --auth auth.json',
    'sessionshot doctor',
  ]);
  program.addHelpText('after', '\nIn a clone of the repository `sessionshot …` is `npm run -s sessionshot -- …`.');
  addUp(program, context, version);
  addInstance(program, context);
  addStop(program, context);
  addCapture(program, context);
  addKeys(program, context);
  addDomains(program, context);
  addHolds(program, context);
  addWebhooks(program, context);
  addAudit(program, context);
  addTotp(program, context);
  addDemo(program, context);
  addDoctor(program, context);
  addServer(program, context);
  addRunner(program, context);
  addPurge(program, context);
  addRunners(program, context);
  addOpenApi(program, context);
  return program;
}

/** Runs one command line; answers the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')));
  try {
    await createProgram({ terminal }, version).parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    return explain(error, terminal);
  }
}

function explain(error: unknown, terminal: Terminal): number {
  // Commander has printed its own message; help and version are no fault.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigError) {
    terminal.say(`${terminal.style('red', '✖')} ${error.message.split('\n').join('\n  ')}`);
    return EXIT.configuration;
  }
  if (error instanceof AppError) {
    terminal.say(`${terminal.style('red', '✖')} ${error.detail}`);
    return EXIT.badInput;
  }
  const told = toOperatorError(error);
  terminal.say(`${terminal.style('red', '✖')} ${told.message}\n  ${told.remedy}`);
  return told.exitCode;
}

// Started directly, or by the door in bin/, which names this file as the program.
if (import.meta.main || process.argv[1] === import.meta.filename) {
  // A reader that has seen enough (`| head`) or a terminal that was closed: commands end soon by themselves, and `up`
  // has captures to drain, which is worth more than the lines nobody reads.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.exit(await runCommandLine(process.argv.slice(2), createTerminal()));
}
