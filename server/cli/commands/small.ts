import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { findInstance } from '#server/embedded/instance.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type CommandContext, examples, openSession, withDataDir, withInstance } from '../command-context.ts';
import { readDataDir } from '../config.ts';

const dirFlags = z.looseObject({ dataDir: z.string().optional() });

/** `demo auth`: the signed-in state of the demo app, for curl. */
export function addDemo(program: Command, { terminal }: CommandContext): void {
  const demo = program.command('demo').description('the demo app that runs beside `up`');
  const auth = withDataDir(demo.command('auth').description('print its present signed-in state (a Playwright storageState)'));
  examples(auth, ['sessionshot demo auth > auth.json']).action((_flags: unknown, command: Command) => {
    const dataDir = readDataDir(dirFlags.parse(command.opts()).dataDir);
    if (!findInstance(dataDir))
      throw new OperatorError(
        EXIT.unavailable,
        'not_running',
        `The demo app is not running on ${dataDir}.`,
        'Start it with `npm start`; for another data folder add --data-dir DIR.',
      );
    terminal.out(readFileSync(join(dataDir, 'demo', 'demo-auth.json'), 'utf8'));
  });
}

/** `totp remove EMAIL`: for somebody who has lost the phone and the recovery codes. */
export function addTotp(program: Command, { terminal }: CommandContext): void {
  const totp = program.command('totp').description('authenticator apps of people who sign in to the console');
  examples(totp, ['sessionshot totp remove robin@example.com']);
  const remove = withInstance(
    totp.command('remove').argument('EMAIL').description('take the app and the recovery codes away: the password alone signs in again'),
  );
  examples(remove, ['sessionshot totp remove robin@example.com']).action(async (email: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const removed = await operator.call('totp.reset', z.object({ ok: z.literal(true) }), { email });
    if (json) return terminal.json(removed);
    terminal.say(`${terminal.style('green', '✔')} ${email} signs in by password alone now.`);
  });
}

/** `openapi --out FILE`: the document that the server serves, from the same schemas. */
export function addOpenApi(program: Command, { terminal }: CommandContext): void {
  const command = program
    .command('openapi')
    .description('write the OpenAPI 3.1 document of the REST API')
    .option('--out <FILE>', 'where to; default: stdout');
  command.action(async (_flags: unknown, self: Command) => {
    const { out } = z.looseObject({ out: z.string().optional() }).parse(self.opts());
    const { buildOpenApiDocument } = await import('#server/api/openapi.ts');
    const text = JSON.stringify(await buildOpenApiDocument(), null, 2);
    if (!out) return terminal.out(text);
    writeFileSync(out, `${text}\n`);
    terminal.say(`${terminal.style('green', '✔')} ${out}`);
  });
}
