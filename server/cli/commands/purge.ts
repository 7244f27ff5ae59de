import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type PayloadSurvey, type Purged, payloadSurveySchema, purgedSchema } from '#shared/pool-keys.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import type { Operator } from '../operator-client.ts';
import { parseKid } from '../parse-kid.ts';
import type { Terminal } from '../terminal.ts';

const flagsSchema = z.looseObject({ kid: z.string().optional(), dryRun: z.boolean().default(false) });
/** At 500 payloads a call, more than any queue of ours holds. */
const CALLS_MAX = 100_000;
/** Rows that somebody held are looked for again, so many times. */
const LOOKS_MAX = 10;
const PAUSE_MS = 500;

/** `purge`: deletes sealed payloads and idempotency answers that should not be there, and counts afterwards that none is. */
export function addPurge(program: Command, { terminal }: CommandContext): void {
  const purge = withInstance(
    program.command('purge').description('delete what is left of sealed payloads and idempotency answers, and prove that none is'),
  )
    .option('--kid <KID>', 'also end the captures that still need this old key', parseKid)
    .option('--dry-run', 'count only');
  examples(purge, ['sessionshot purge --dry-run', 'sessionshot purge', 'sessionshot purge --kid KID']);
  purge.action(async (_flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const { kid, dryRun } = flagsSchema.parse(command.opts());
    const before = await survey(operator, kid);
    if (dryRun) return json ? terminal.json({ dryRun, before }) : sayBefore(terminal, before);
    if (!json) sayBefore(terminal, before);
    const { purged, after } = await purgeAll(operator, kid, terminal);
    const left = leftOf(after);
    if (json) terminal.json({ dryRun, before, purged, after, ok: left === 0 });
    else sayAfter(terminal, purged, after);
    if (left > 0)
      throw new OperatorError(
        EXIT.unavailable,
        'something_left',
        `${left} rows that should be gone are still there.`,
        'Somebody holds them at this moment: repeat the command.',
      );
  });
}

async function survey(operator: Operator, kid: string | undefined): Promise<PayloadSurvey> {
  return await operator.call('payloads.survey', payloadSurveySchema, { kid });
}

/** Batch by batch, until nothing is found any more and a count says so. */
async function purgeAll(
  operator: Operator,
  kid: string | undefined,
  terminal: Terminal,
): Promise<{ purged: Purged; after: PayloadSurvey }> {
  const purged: Purged = { payloads: 0, captures: 0, idempotencyRecords: 0, more: true };
  let looks = 0;
  for (let call = 0; call < CALLS_MAX; call++) {
    const batch = await operator.call('payloads.purge', purgedSchema, { kid });
    purged.payloads += batch.payloads;
    purged.captures += batch.captures;
    purged.idempotencyRecords += batch.idempotencyRecords;
    purged.more = batch.more;
    if (terminal.isLive) terminal.raw(`\r${describePurged(purged)} `);
    if (batch.more) continue;
    const after = await survey(operator, kid);
    if (leftOf(after) === 0 || ++looks >= LOOKS_MAX) {
      if (terminal.isLive) terminal.raw('\n');
      return { purged, after };
    }
    await delay(PAUSE_MS);
  }
  throw new OperatorError(EXIT.bug, 'purge_without_end', 'The purge has no end.', 'Please report this.');
}

/** What should not be there. Answers of the very last moment are not counted: they run out all the time. */
function leftOf({ ofFinalCaptures, underRevokedKeys, underKey }: PayloadSurvey): number {
  return ofFinalCaptures + underRevokedKeys + (underKey ?? 0);
}

function sayBefore(terminal: Terminal, found: PayloadSurvey): void {
  terminal.say(
    [
      `Looked at ${found.payloads} sealed payloads and ${found.idempotencyRecords} idempotency answers. Of them:`,
      `  ${found.ofFinalCaptures} payloads of final captures`,
      `  ${found.pastDeadline} captures past their deadline`,
      `  ${found.underRevokedKeys} captures under revoked keys`,
      ...(found.underKey === null ? [] : [`  ${found.underKey} captures under the key that was named`]),
      `  ${found.idempotencyExpired} idempotency answers past their day`,
    ].join('\n'),
  );
}

function describePurged({ payloads, captures, idempotencyRecords }: Purged): string {
  return `deleted ${payloads} payloads and ${idempotencyRecords} idempotency answers, ended ${captures} captures`;
}

function sayAfter(terminal: Terminal, purged: Purged, after: PayloadSurvey): void {
  const mark = leftOf(after) === 0 ? terminal.style('green', '✔') : terminal.style('red', '✖');
  terminal.say(`${mark} ${describePurged(purged)}.`);
  terminal.out(
    `${after.payloads} sealed payloads in the database, ${after.ofFinalCaptures} of final captures, ${after.underRevokedKeys} under revoked keys`,
  );
}
