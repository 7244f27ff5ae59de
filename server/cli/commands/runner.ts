import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { ConfigError } from '#server/config.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { changeRunnerKeys, keysFolder } from '#server/embedded/runner-keys.ts';
import { runnerViewSchema } from '#shared/console.ts';
import { type PoolKeyView, poolKeyViewSchema, revokedKeySchema } from '#shared/pool-keys.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import { readDatabaseAddress, readDataDir, readPassedOn } from '../config.ts';
import type { Operator } from '../operator-client.ts';
import { parseKid } from '../parse-kid.ts';
import { inLine, type Terminal, table } from '../terminal.ts';

const RUNNER_HELP = `
A runner in three lines:
  runner keygen --out DIR  make the key pair of the runners (kept when it is there)
  runner token NAME        make the token of a runner; it is shown once
  runner                   start a runner, which works until it is told to stop
\`runners list\` shows those that have a token, \`runners revoke ID\` ends one.

Its settings come by environment: SESSIONSHOT_SERVER_URL,
SESSIONSHOT_RUNNER_TOKEN_FILE, SESSIONSHOT_RUNNER_KEY_FILE and those that
\`sessionshot runner keygen --help\` lists.`;

const listSchema = z.array(poolKeyViewSchema);
const keygenFlags = z.looseObject({
  out: z.string().optional(),
  rotate: z.boolean().default(false),
  retire: z.string().optional(),
  dataDir: z.string().optional(),
});
const revokeFlags = z.looseObject({ evenIfUnknown: z.boolean().default(false) });

/** `runner token | keys | keygen --rotate | keygen --retire`; the runner itself and a plain `keygen` are a program of their own, which `bin` starts. */
export function addRunner(program: Command, { terminal }: CommandContext): void {
  const runner = program.command('runner').description('runners elsewhere: start one, make its keys, make its token');
  examples(runner, ['sessionshot runner keygen --out ./keys', 'sessionshot runner token eu-1', 'sessionshot runner']);
  // Commander knows only what is here: the other two would not be found by who looks here.
  runner.addHelpText('after', RUNNER_HELP);
  withInstance(runner.command('token').argument('NAME').description('make the token of a runner; it is shown once')).action(
    async (name: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const made = await operator.call('runners.createToken', z.object({ runner: runnerViewSchema, token: z.string() }), { name });
      if (json) return terminal.json({ id: made.runner.id, token: made.token });
      terminal.out(made.token);
      terminal.say(
        `${terminal.style('green', '✔')} ${inLine(made.runner.name)} (${made.runner.id}). The token is shown this once: give it to the runner as SESSIONSHOT_RUNNER_TOKEN.`,
      );
    },
  );
  addKeygen(runner, terminal);
  addPoolKeys(runner, terminal);
}

function addKeygen(runner: Command, terminal: Terminal): void {
  const keygen = withInstance(runner.command('keygen').description('make the pool’s keys, put a new one before them, take an old one out'))
    .option('--out <DIR>', 'the folder of the keys; default: that of the instance on this machine')
    .option('--rotate', 'make a new key, which captures are sealed to from now on; the old ones stay for what waits')
    .option('--retire <KID>', 'take an old key out of both files; only when nothing waits under it', parseKid);
  examples(keygen, [
    'sessionshot runner keygen --out keys',
    'sessionshot runner keygen --rotate',
    'sessionshot runner keygen --retire KID',
  ]);
  keygen.action(async (_flags: unknown, command: Command) => {
    const { out, rotate, retire, dataDir } = keygenFlags.parse(command.opts());
    if (rotate === (retire !== undefined))
      throw new OperatorError(
        EXIT.usage,
        'one_step',
        'Give --rotate or --retire KID.',
        'An old key is retired when nothing waits under it.',
      );
    const folder = out === undefined ? ownFolder(dataDir) : resolve(out);
    const path = readPassedOn().PATH ?? '';
    if (retire !== undefined) await refuseNeeded(await openSession(command), retire);
    const change = retire === undefined ? ['--rotate'] : [`--retire=${retire}`];
    const { kid, publicKids, privateKids } = await changeRunnerKeys(folder, change, path);
    const needs = await countNeeds(command);
    const keys = privateKids.map((held) => ({
      kid: held,
      isSealedTo: held === kid,
      isPublished: publicKids.includes(held),
      ...(needs?.(held) ?? { waiting: null, running: null }),
    }));
    const { json } = z.looseObject({ json: z.boolean().default(false) }).parse(command.opts());
    if (json) return terminal.json({ kid, folder, keys });
    const shown = (count: number | null) => (count === null ? 'not known' : String(count));
    const rows = keys.map((key) => [key.kid, key.isSealedTo ? 'sealed to' : 'kept', shown(key.waiting), shown(key.running)]);
    terminal.out(table([['KEY', 'STATE', 'WAITING', 'RUNNING'], ...rows]));
    terminal.say(
      retire === undefined
        ? `${terminal.style('green', '✔')} ${kid} comes first in ${folder}. A server that reads this folder seals to it from its next request on; where runners and servers have copies, runners get theirs first.`
        : `${terminal.style('green', '✔')} ${retire} is in no file of ${folder} any more. Take it from every copy, and keep none.`,
    );
  });
}

function addPoolKeys(runner: Command, terminal: Terminal): void {
  const keys = runner.command('keys').description('the keys of the pool: what needs each, and the end of one that leaked');
  examples(keys, ['sessionshot runner keys list', 'sessionshot runner keys revoke KID']);
  withInstance(keys.command('list').description('list the keys, and how many captures need each')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const list = await operator.call('poolKeys.list', listSchema);
      if (json) return terminal.json(list);
      const rows = list.map((key) => [key.kid ?? '(before ids were kept)', key.state, String(key.waiting), String(key.running)]);
      terminal.out(table([['KEY', 'STATE', 'WAITING', 'RUNNING'], ...rows]));
    },
  );
  const revoke = withInstance(
    keys
      .command('revoke')
      .argument('KID', 'id of the key, as `runner keys list` shows it', parseKid)
      .description('end a key that leaked: what waits or runs under it fails, for good'),
  ).option('--even-if-unknown', 'also a key that is in no file and that nothing waits under');
  examples(revoke, ['sessionshot runner keys revoke KID']).action(async (kid: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const { evenIfUnknown } = revokeFlags.parse(command.opts());
    const revoked = await operator.call('poolKeys.revoke', revokedKeySchema, { kid, evenIfUnknown });
    if (json) terminal.json(revoked);
    else
      terminal.say(
        `${terminal.style('green', '✔')} ${kid} is revoked${revoked.isNew ? '' : ', as it was before'}. Ended: ${revoked.ended} captures. Left: ${revoked.left}.`,
      );
    if (revoked.left > 0)
      throw new OperatorError(
        EXIT.unavailable,
        'captures_left',
        `${revoked.left} captures are held by others.`,
        'Servers end them within a minute; or repeat the command.',
      );
  });
}

/** The keys of the instance on this machine. A distributed set-up has its keys where the operator keeps them. */
function ownFolder(dataDir: string | undefined): string {
  if (dataDir === undefined && readDatabaseAddress() !== null)
    throw new OperatorError(
      EXIT.usage,
      'no_folder',
      'Which keys is not said.',
      'Give --out DIR, the folder that `runner keygen --out DIR` made.',
    );
  return keysFolder(readDataDir(dataDir));
}

async function refuseNeeded({ operator }: { operator: Operator }, kid: string): Promise<void> {
  const { waiting, running } = countsOf(await operator.call('poolKeys.list', listSchema), kid);
  if (waiting + running === 0) return;
  throw new OperatorError(
    EXIT.badInput,
    'key_needed',
    `${waiting + running} captures still need ${kid}.`,
    'Retire it when they are done (`sessionshot runner keys list` counts them), or end them with `sessionshot purge --kid`.',
  );
}

/** What captures need, where somebody can be asked: a rotation does not depend on it. */
async function countNeeds(command: Command): Promise<((kid: string) => { waiting: number; running: number }) | null> {
  try {
    const { operator } = await openSession(command);
    const list = await operator.call('poolKeys.list', listSchema);
    return (kid) => countsOf(list, kid);
  } catch (error) {
    if (error instanceof OperatorError || error instanceof ConfigError) return null; // the keys are changed already
    throw error;
  }
}

/** Captures of a server of before count under every key: which one they need is not known. */
function countsOf(list: readonly PoolKeyView[], kid: string): { waiting: number; running: number } {
  const rows = list.filter((key) => key.kid === kid || key.kid === null);
  const sum = (of: 'waiting' | 'running') => rows.reduce((total, row) => total + row[of], 0);
  return { waiting: sum('waiting'), running: sum('running') };
}
