import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { DrillSize } from './drill.ts';
import { DRILLS, PLANNED } from './list-drills.ts';

export type Result = { id: string; title: string; ok: boolean; seconds: number; seen: string; size: DrillSize };

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'drills.md');

/** Writes docs/drills.md: what was run now, what an earlier run said of the others, and what is not built. */
export function writeDocument(results: readonly Result[]): void {
  const before = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8').split('\n') : [];
  const rows = Object.entries(PLANNED).map(([id, { title, instead }]) => {
    const result = results.find((each) => each.id === id);
    if (result) return rowOf(result);
    const earlier = before.find((line) => line.startsWith(`| ${id} |`) && /\| (passed|failed) /.test(line));
    const isBuilt = DRILLS.some((drill) => drill.id === id);
    if (isBuilt && earlier) return earlier;
    return `| ${id} | ${title} | ${isBuilt ? 'written, not run yet' : 'not built yet'} | | ${instead ?? ''} |`;
  });
  writeFileSync(
    DOCUMENT,
    `${HEAD}\n${rows.join('\n')}\n\n${WHAT}\n${DRILLS.map(({ id, what }) => `- **${id}** ${what}.`).join('\n')}\n\n${SEEN_TO_FAIL}\n${seenToFail()}\n`,
  );
}

function seenToFail(): string {
  return DRILLS.flatMap(({ id, without }) => (without ? [`- **${id}** ${without}.`] : [])).join('\n');
}

export function tableOf(results: readonly Result[]): string {
  return ['| drill | what | result | seconds | seen |', '| --- | --- | --- | --- | --- |', ...results.map(rowOf)].join('\n');
}

function rowOf({ id, title, ok, seconds, seen, size }: Result): string {
  const shown = seen.replaceAll('|', '/').replace(/\s+/g, ' ').slice(0, 400);
  return `| ${id} | ${title} | ${ok ? 'passed' : 'failed'} (${size}) | ${seconds} | ${shown} |`;
}

const HEAD = `# Fault drills

Written by \`npm run drills\`; the drills are in \`tests/drills/\`. Each drives real processes: two servers, two runners of two slots,
PostgreSQL, RabbitMQ and Azurite behind TCP proxies, and a client that repeats cut connections, 429 and 5xx with the same
idempotency key. The last run was on ${cpus().length} cores. Sizes: \`short\` is the default, \`full\` is \`npm run drills -- --full\`.
Seconds say as much of the machine as of the product. A row says what was run; a drill that is written and was not run shows nothing
yet. Which of them were seen to fail with their mechanism taken away stands at the end.

After each drill on this set-up the invariants are checked for all that it sent:

- I1 every accepted capture is final, and succeeded unless the drill says otherwise.
- I2 its bytes come by a fresh signed link with the promised size, checksum and width; one blob for each is left when the sweep of
  orphans, with its clock put forward, has run.
- I3 one attempt stored a result. Events for webhooks are not counted here: the set-up has no endpoint.
- I4 captures made and ids answered are the same set.
- I5 no sealed payload is left.
- I6 the canary of the auth state is in no log, row, message, metric, and no name or property of a blob.
- I7 no process of a killed program lives.
- I8 both servers say \`ok\`.

| drill | what | result | seconds | seen |
| --- | --- | --- | --- | --- |`;

const WHAT = `## What each does

Moments are hit by fault points in the code (\`shared/fault-points.ts\`): \`after_commit\`, \`before_confirm\`, \`after_upload\`,
\`before_finish\`. They are off. Only \`SESSIONSHOT_FAULT_POINTS\` arms one, which start-up refuses unless \`NODE_ENV\` is \`test\`; the
process then says so in its log.
`;

const SEEN_TO_FAIL = `## Seen to fail

What was taken away from the source, and what the drill said. A drill that is not in this list was not tried without its mechanism.
`;
