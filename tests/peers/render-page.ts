import type { Peer, PeerCase } from './peer-case.ts';
import { countLeftOut, percent, statedOutcome, sumTallies, type Tally, tallyPeer } from './tally.ts';

/** Writes docs/peers.md from the data of the cases. `tests/peers/peers.test.ts` shows that the data is true. */
export function renderPage(peers: readonly Peer[]): string {
  const tallies = peers.map((peer) => tallyPeer(peer, statedOutcome));
  const all = sumTallies(tallies);
  const parts = [
    '# What other tools’ tests say of SessionShot',
    INTRO,
    `**${all.passed} of ${all.cases} cases pass (${percent(all.passed, all.cases)})**; counted by the tests they come from, ${all.testsPassed} of ${all.tests} (${percent(all.testsPassed, all.tests)}).`,
    table(
      ['Peer', 'tests read', 'left out', 'taken over', 'cases', 'pass', 'miss', 'pending'],
      [...tallies, all].map((tally) => [
        tally.name,
        tally.testsRead,
        tally.testsLeftOut,
        tally.tests,
        tally.cases,
        tally.passed,
        tally.missed,
        tally.pending,
      ]),
    ),
    '## Misses',
    listMisses(peers),
    ...listPending(peers, all),
    '## Left out',
    'Tests that are no matter of a capture API for pages behind https, by reason. The lines are in `tests/peers/left-out.ts`.',
    table(['Peer', 'Reason', 'Tests'], peers.flatMap(leftOutRows)),
    ...peers.flatMap((peer) => [`## ${peer.name}`, `\`${peer.repo}\` at \`${peer.commit}\`, ${peer.license}.`, listCases(peer)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const INTRO = `Tools of this kind have tests, and a test is a promise to somebody. We read those of seven of them, left out what is no
matter of a capture API, and put the rest in our own words and on our own pages to \`POST /api/captures\` of a running
instance (\`tests/peers/\`; run it with \`npm test -- tests/peers\`). No line of theirs is in this repository.

A case passes when everything that the peer guarantees holds: the status or the reason of failure, the size of the picture
and its pixels, the text, pages and paper of the PDF, what the site received. Where our contract says the same in another
way, as by refusing a contradiction with 422, the case asks for that. A test of a peer may be several cases here. A miss is
run like any other and must still fail, so that none is kept on this page longer than it is true. A pending case needs a field
that the contract has and this version refuses as planned; it counts as not passed. This page is written by \`node tests/peers/write-page.ts\`, and a test
compares it with the data.`;

function listMisses(peers: readonly Peer[]): string {
  const rows = peers.flatMap((peer) =>
    peer.cases.filter((entry) => entry.miss).map((entry) => [peer.name, entry.says, entry.miss ?? '', `\`${entry.id}\``]),
  );
  return table(['Peer', 'What the peer does', 'Why this does not', 'Case'], rows);
}

function listPending(peers: readonly Peer[], all: Tally): string[] {
  if (all.pending === 0) return [];
  const rows = peers.flatMap((peer) =>
    peer.cases
      .filter((entry) => statedOutcome(entry) === 'pending')
      .map((entry) => [peer.name, entry.says, `\`${entry.needs}\``, `\`${entry.id}\``]),
  );
  return ['## Pending', table(['Peer', 'What the peer does', 'Needs', 'Case'], rows)];
}

function leftOutRows(peer: Peer): (string | number)[][] {
  const byReason = new Map<string, number>();
  for (const file of peer.files)
    for (const [reason, lines] of Object.entries(file.leftOut))
      byReason.set(reason, (byReason.get(reason) ?? 0) + countLeftOut({ file: file.file, leftOut: { [reason]: lines } }));
  return [...byReason].sort((a, b) => b[1] - a[1]).map(([reason, count]) => [peer.name, reason, count]);
}

function listCases(peer: Peer): string {
  return table(
    ['Case', 'What holds', 'Source', 'Outcome'],
    peer.cases.map((entry) => [`\`${entry.id}\``, entry.says, sourceOf(peer, entry), OUTCOMES[statedOutcome(entry)]]),
  );
}

const OUTCOMES = { passed: 'pass', missed: '**miss**', pending: 'pending', failed: 'fail' } as const;

function sourceOf(peer: Peer, entry: PeerCase): string {
  const [file, line] = entry.from;
  return `[${file.split('/').at(-1)}:${line}](https://github.com/${peer.repo}/blob/${peer.commit}/${file}#L${line})`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
