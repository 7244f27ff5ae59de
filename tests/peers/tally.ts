import { isBuilt } from './needs.ts';
import type { Peer, PeerCase, PeerFile } from './peer-case.ts';

export type Outcome = 'passed' | 'missed' | 'pending' | 'failed';
export type Tally = {
  name: string;
  /** Tests in the files that were read, and how many of them are no matter of a capture API. */
  testsRead: number;
  testsLeftOut: number;
  /** Tests of the peer that are re-expressed, by at least one case; those all of whose cases pass. */
  tests: number;
  testsPassed: number;
  cases: number;
  passed: number;
  missed: number;
  pending: number;
  failed: number;
};

/** What the data says of a case: the suite fails where the product does anything else. */
export function statedOutcome(entry: PeerCase): Outcome {
  if (entry.miss) return 'missed';
  return entry.needs && !isBuilt(entry.needs) ? 'pending' : 'passed';
}

/** Counts the outcomes of one peer's cases. */
export function tallyPeer(peer: Peer, outcomeOf: (entry: PeerCase) => Outcome): Tally {
  const outcomes = peer.cases.map(outcomeOf);
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const tests = Map.groupBy(peer.cases, (entry) => entry.from.join(':'));
  const testsLeftOut = peer.files.reduce((sum, file) => sum + countLeftOut(file), 0);
  return {
    name: peer.name,
    testsRead: tests.size + testsLeftOut,
    testsLeftOut,
    tests: tests.size,
    testsPassed: [...tests.values()].filter((cases) => cases.every((entry) => outcomeOf(entry) === 'passed')).length,
    cases: outcomes.length,
    passed: count('passed'),
    missed: count('missed'),
    pending: count('pending'),
    failed: count('failed'),
  };
}

/** Adds the tallies of all peers. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = (key: Exclude<keyof Tally, 'name'>) => tallies.reduce((total, tally) => total + tally[key], 0);
  return {
    name: 'All',
    testsRead: sum('testsRead'),
    testsLeftOut: sum('testsLeftOut'),
    tests: sum('tests'),
    testsPassed: sum('testsPassed'),
    cases: sum('cases'),
    passed: sum('passed'),
    missed: sum('missed'),
    pending: sum('pending'),
    failed: sum('failed'),
  };
}

export function countLeftOut(file: PeerFile): number {
  return Object.values(file.leftOut).reduce<number>((sum, lines) => sum + (typeof lines === 'number' ? lines : lines.length), 0);
}

/** A share of a whole as people read it, rounded down: 449 of 456 are 98.4 %. */
export function percent(part: number, whole: number): string {
  return `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %`;
}
