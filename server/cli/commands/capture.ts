import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { storageStateSchema } from '#shared/auth-state.ts';
import { type Capture, captureSchema, FINAL_STATUSES } from '#shared/capture.ts';
import { dryRunSchema } from '#shared/dry-run.ts';
import { type CommandContext, examples, type InstanceSession, openInstanceSession, withInstance } from '../command-context.ts';
import { formatBytes, formatSeconds, type Terminal } from '../terminal.ts';
import { downloadAsset } from '../up/first-capture.ts';

const flagsSchema = z.looseObject({
  output: z.string(),
  session: z.string().optional(),
  auth: z.string().optional(),
  pdf: z.boolean().default(false),
  fullPage: z.boolean().default(false),
  wait: z.string().optional(),
  dryRun: z.boolean().default(false),
});
type Flags = z.infer<typeof flagsSchema>;

const FORMATS: Record<string, string> = { '.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg', '.webp': 'webp', '.pdf': 'pdf' };
const FOLLOW_MS_MAX = 15 * 60_000;
const POLL_MS = 250;

/** `capture URL -o FILE` */
export function addCapture(program: Command, { terminal }: CommandContext): void {
  const command = withInstance(program.command('capture').argument('URL').description('make one capture through the running instance'))
    .requiredOption('-o, --output <FILE>', 'where the result goes; - for stdout; its ending chooses the format')
    .option('--auth <FILE>', 'a Playwright storageState file: the signed-in state')
    .option('--session <NAME>', 'a saved session (comes with saved sessions; not in this version)')
    .option('--pdf', 'a PDF, whatever the ending')
    .option('--full-page', 'the whole page, not only what fits the window')
    .option('--wait <SELECTOR>', 'wait until this element is there')
    .option('--dry-run', 'check everything and capture nothing');
  examples(command, [
    'sessionshot capture https://app.example.com/report -o report.png --auth auth.json --full-page',
    'sessionshot capture https://app.example.com/report -o - --pdf > report.pdf',
  ]).action(async (url: string, _flags: unknown, self: Command) => {
    const flags = flagsSchema.parse(self.opts());
    if (flags.output !== '-') checkPlace(flags.output);
    const session = openInstanceSession(self);
    if (flags.dryRun) return await tellDryRun(session, terminal, buildRequest(url, flags));
    const capture = await follow(
      session,
      terminal,
      await session.operator.call('captures.create', captureSchema, buildRequest(url, flags)),
    );
    await deliver(session, terminal, capture, flags);
  });
}

async function tellDryRun(session: InstanceSession, terminal: Terminal, request: unknown): Promise<void> {
  const answer = await session.operator.call('captures.dryRun', dryRunSchema, request);
  if (session.json) return terminal.json(answer);
  for (const { name, reason } of answer.auth?.rejected ?? []) terminal.say(`left out: ${name}: ${reason}`);
  for (const { path, message } of answer.warnings) terminal.say(`${path} ${message}`);
  terminal.say(`${terminal.style('green', '✔')} ${answer.url} would be captured, with ${answer.auth?.cookies ?? 0} cookies`);
}

function buildRequest(url: string, flags: Flags) {
  const format = flags.pdf ? 'pdf' : FORMATS[extname(flags.output).toLowerCase()];
  if (!format && flags.output !== '-')
    throw new OperatorError(
      EXIT.usage,
      'unknown_format',
      `The format of ${flags.output} is not clear from its ending.`,
      'End it in .png, .jpg, .webp or .pdf, or add --pdf.',
    );
  const auth = { ...(flags.auth ? { storageState: readState(flags.auth) } : {}), ...(flags.session ? { session: flags.session } : {}) };
  return {
    url,
    ...(Object.keys(auth).length > 0 ? { auth } : {}),
    ...(flags.wait ? { waitFor: { selector: flags.wait } } : {}),
    output: { format: format ?? 'png', ...(flags.fullPage && format !== 'pdf' ? { fullPage: true } : {}) },
  };
}

function readState(file: string): unknown {
  const refuse = (why: string, cause?: unknown) =>
    new OperatorError(
      EXIT.badInput,
      'bad_auth_file',
      `${file} cannot be used as the signed-in state: ${why}`,
      'Give a file that Playwright’s `context.storageState({ path })` wrote.',
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause;
    throw refuse(isMissing ? 'it cannot be read' : 'it is not JSON', cause);
  }
  if (!storageStateSchema.safeParse(value).success) throw refuse('it has no `cookies` and `origins` as Playwright writes them');
  return value;
}

/** Follows a capture to its end and tells its steps on stderr. */
async function follow({ operator }: InstanceSession, terminal: Terminal, first: Capture): Promise<Capture> {
  const startedAt = Date.now();
  const tell = createTeller((line) => terminal.say(line));
  let capture = first;
  while (!FINAL_STATUSES.includes(capture.status)) {
    tell(capture);
    if (Date.now() - startedAt > FOLLOW_MS_MAX)
      throw new OperatorError(
        EXIT.timedOut,
        'capture_timeout',
        `${capture.id} is still ${capture.status}.`,
        'It goes on by itself: look at it in the console.',
      );
    await wait(POLL_MS);
    capture = await operator.call('captures.get', captureSchema, { id: capture.id });
  }
  terminal.say(`${capture.id} ${capture.status} after ${formatSeconds(Date.now() - startedAt)}`);
  return capture;
}

/** Says each new state of a capture once; one that goes back to the queue says why, or it would look like going in circles. */
export function createTeller(say: (line: string) => void): (capture: Pick<Capture, 'id' | 'status' | 'attempts'>) => void {
  let told = '';
  const failed = new Set<number>();
  return ({ id, status, attempts }) => {
    for (const { number, code } of attempts) {
      if (code === null || failed.has(number)) continue;
      failed.add(number);
      say(`${id} attempt ${number}: ${code}, trying again`);
    }
    if (status !== told) say(`${id} ${status}`);
    told = status;
  };
}

async function deliver(session: InstanceSession, terminal: Terminal, capture: Capture, flags: Flags): Promise<void> {
  if (!capture.asset) {
    if (session.json) terminal.json({ id: capture.id, status: capture.status, verdict: capture.verdict, file: null, error: capture.error });
    const error = capture.error ?? { code: capture.status, message: `The capture was ${capture.status}.` };
    throw new OperatorError(EXIT.captureFailed, error.code, `No file: ${error.code}`, error.message);
  }
  const bytes = await downloadAsset(capture.asset);
  if (flags.output === '-') process.stdout.write(bytes);
  else save(flags.output, bytes);
  const { asset } = capture;
  const facts = {
    id: capture.id,
    status: capture.status,
    verdict: capture.verdict,
    file: flags.output === '-' ? null : flags.output,
    bytes: asset.bytes,
    sha256: asset.sha256,
  };
  if (session.json && flags.output !== '-') terminal.json(facts);
  const size = asset.pages ? `${asset.pages} ${asset.pages === 1 ? 'page' : 'pages'}` : `${asset.width} × ${asset.height} px`;
  terminal.say(
    `${terminal.style('green', '✔')} ${flags.output === '-' ? 'written' : flags.output}: ${capture.verdict ?? 'done'}, ${size}, ${formatBytes(asset.bytes)}`,
  );
}

/** Refuses a place that cannot be written before the capture is made: it would be made for nothing. Leaves no file behind. */
function checkPlace(file: string): void {
  const folder = dirname(resolve(file));
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
    accessSync(existsSync(file) ? file : folder, constants.W_OK);
  } catch (cause) {
    throw notSaved(file, cause);
  }
}

function save(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (cause) {
    throw notSaved(file, cause);
  }
}

function notSaved(file: string, cause: unknown): OperatorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(
    EXIT.io,
    'not_saved',
    `${basename(file)} cannot be written in the folder ${dirname(resolve(file))}: ${why}`,
    'Make that folder, or choose another place with -o.',
    { cause },
  );
}
