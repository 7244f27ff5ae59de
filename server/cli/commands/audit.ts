import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import {
  AUDIT_BREAKS,
  type AuditBreak,
  type AuditHead,
  type AuditVerdict,
  auditHeadSchema,
  auditVerdictSchema,
  chainedEntrySchema,
} from '#shared/audit.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import { parseDuration } from '../durations.ts';
import type { Operator } from '../operator-client.ts';
import { type Terminal, table } from '../terminal.ts';

const verifyFlags = z.looseObject({ head: auditHeadSchema.optional() });
const exportFlags = z.looseObject({ since: z.string().optional() });
const pageSchema = z.object({ entries: z.array(chainedEntrySchema), next: z.int().nullable() });
/** A bound for the loops below: at a thousand entries a page, more than any log of ours holds. */
const CALLS_MAX = 1_000_000;

/** `audit verify | export`: the log of the whole instance; `--workspace` only says in whose name it is asked. */
export function addAudit(program: Command, { terminal }: CommandContext): void {
  const audit = program.command('audit').description('audit log: verify its chain, export it');
  examples(audit, ['sessionshot audit verify', 'sessionshot audit export --since 30d --json > audit.ndjson']);

  const verify = withInstance(audit.command('verify').description('follow the chain and say where it is broken; exit 0, or 65')).option(
    '--head <POSITION:HASH>',
    'a head that was noted earlier and must be in the chain',
    parseHead,
  );
  examples(verify, ['sessionshot audit verify', 'sessionshot audit verify --head 1204:9f3c…']).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const found = await followChain(operator, verifyFlags.parse(command.opts()).head);
      if (json) terminal.json({ ok: found.broken === null, ...found });
      else sayVerdict(terminal, found);
      process.exitCode = found.broken ? EXIT.badInput : EXIT.ok;
    },
  );

  const exporting = withInstance(
    audit.command('export').description('print the entries, oldest first; one JSON object a line with --json'),
  ).option('--since <TIME>', 'from this time on: 30d ago, or 2026-11-01', parseSince);
  examples(exporting, ['sessionshot audit export --since 30d --json > audit.ndjson']).action(async (_flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const { since } = exportFlags.parse(command.opts());
    let after: number | null = 0;
    for (let call = 0; after !== null && call < CALLS_MAX; call++) {
      const { entries, next }: z.infer<typeof pageSchema> = await operator.call('audit.export', pageSchema, { after, since });
      if (json) for (const entry of entries) terminal.json(entry);
      else if (entries.length > 0) terminal.out(table(entries.map(row)));
      after = next;
    }
  });
}

type Found = Pick<AuditVerdict, 'checked' | 'head' | 'waiting' | 'broken'>;

/** Asks for one stretch after the other, so that a long chain holds no call for long. */
async function followChain(operator: Operator, noted: AuditHead | undefined): Promise<Found> {
  let after: AuditHead | undefined;
  let before = 0;
  for (let call = 0; call < CALLS_MAX; call++) {
    const { checked, head, next, waiting, broken } = await operator.call('audit.verify', auditVerdictSchema, { after, noted });
    if (!next) return { checked: before + checked, head, waiting, broken };
    before += checked;
    after = next;
  }
  throw new OperatorError(EXIT.bug, 'chain_without_end', 'The chain has no end.', 'Please report this.');
}

function sayVerdict(terminal: Terminal, { checked, head, waiting, broken }: Found): void {
  if (broken) {
    terminal.say(`${terminal.style('red', '✖')} ${describe(broken)}\n  The ${checked} entries before it are as they were written.`);
    return;
  }
  const rest = waiting > 0 ? ` ${waiting} more wait to be chained.` : '';
  terminal.say(
    `${terminal.style('green', '✔')} ${checked} entries, each as it was written.${rest} Note the head to know of a cut end later:`,
  );
  terminal.out(`${head.position}:${head.hash}`);
}

function describe({ what, position, entry }: AuditBreak): string {
  const where = position === null ? 'Beside the chain' : `At ${position}`;
  return `${where}: ${AUDIT_BREAKS[what]}${entry ? ` (${entry})` : ''}.`;
}

function row(entry: z.infer<typeof chainedEntrySchema>): string[] {
  const { kind, id } = entry.actor;
  const outcome = entry.outcome === 'ok' ? '' : ' (refused)';
  const what = [entry.target, entry.detail].filter((part) => part !== null).join(', ');
  return [entry.at.slice(0, 19).replace('T', ' '), id ?? kind, entry.address ?? '-', `${entry.action}${outcome}`, what];
}

function parseHead(text: string): AuditHead {
  const [position, hash] = text.split(':');
  const head = auditHeadSchema.safeParse({ position: Number(position), hash });
  if (head.success) return head.data;
  throw new InvalidArgumentError('Give the line that `sessionshot audit verify` printed: POSITION:HASH.');
}

function parseSince(text: string): string {
  if (/^\d+[smhdw]$/.test(text)) return new Date(Date.now() - parseDuration(text)).toISOString();
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : null;
  if (at && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError('Give a time such as 30d (ago), 2026-11-01 or 2026-11-01T08:00:00Z.');
}
