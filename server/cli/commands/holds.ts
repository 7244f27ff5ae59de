import type { Command } from 'commander';
import { z } from 'zod';
import { captureSchema } from '#shared/capture.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import { inLine, table } from '../terminal.ts';

const pageSchema = z.object({ data: z.array(captureSchema), nextCursor: z.string().nullable() });
const PAGES_MAX = 1000;

/** `holds add | remove | list` */
export function addHolds(program: Command, { terminal }: CommandContext): void {
  const holds = program
    .command('holds')
    .description('captures on hold: nobody deletes them, and their files stay after the end of their retention');
  examples(holds, ['sessionshot holds add cap_01J…', 'sessionshot holds list', 'sessionshot holds remove cap_01J…']);

  withInstance(holds.command('add').argument('ID').description('put a capture on hold')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const capture = await operator.call('captures.hold', captureSchema, { id });
      if (json) return terminal.json(capture);
      terminal.say(`${terminal.style('green', '✔')} ${capture.id} is on hold since ${capture.heldAt}.`);
    },
  );

  withInstance(
    holds.command('remove').argument('ID').description('take it off hold; what is past its retention is deleted with the next sweep'),
  ).action(async (id: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const capture = await operator.call('captures.release', captureSchema, { id });
    if (json) return terminal.json(capture);
    terminal.say(`${terminal.style('green', '✔')} ${capture.id} is not on hold any more.`);
  });

  withInstance(holds.command('list').description('list the captures on hold')).action(async (_flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const held: z.infer<typeof captureSchema>[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const { data, nextCursor } = await operator.call('captures.list', pageSchema, { held: true, limit: 100, cursor });
      held.push(...data);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    if (json) return terminal.json(held);
    if (held.length === 0) return terminal.say('No capture is on hold: `sessionshot holds add ID` puts one.');
    const row = ({ id, url, heldAt, expiresAt }: z.infer<typeof captureSchema>) => [
      id,
      inLine(url),
      heldAt?.slice(0, 10) ?? '',
      expiresAt?.slice(0, 10) ?? '-',
    ];
    terminal.out(table([['ID', 'PAGE', 'HELD SINCE', 'RETENTION'], ...held.map(row)]));
  });
}
