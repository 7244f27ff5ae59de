import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTree } from './architecture/check-tree.ts';
import { holdDependencies } from './check/hold-dependencies.ts';
import { largestFiles, longestFunctions } from './check/largest.ts';
import { type Outcome, runProgram } from './check/run-program.ts';
import { checkInfra } from './infra/check-infra.ts';

/**
 * `npm run check`: everything that can be said about the tree without running it, side by side, in under a minute.
 * Ends with the ten largest files and functions: a growing one needs a sentence in the commit.
 */
const ROOT = join(import.meta.dirname, '..');
const bin = (path: string) => join(ROOT, 'node_modules', path);

const CHECKS: Record<string, () => Promise<Outcome>> = {
  'format and lint': () => runProgram(bin('@biomejs/biome/bin/biome'), ['ci', '--error-on-warnings', '--colors=off', '.'], ROOT),
  'types: server, runner, tests': () => runProgram(bin('typescript/bin/tsc'), ['--noEmit', '-p', 'tsconfig.json'], ROOT),
  'types: console': () => runProgram(bin('typescript/bin/tsc'), ['--noEmit', '-p', 'client/tsconfig.json'], ROOT),
  architecture: checkArchitecture,
  'dead code': () => runProgram(bin('knip/bin/knip.js'), ['--no-progress', '--no-config-hints'], ROOT),
  infra: checkInfrastructure,
  'dependencies, SBOM': checkPackages,
  'OpenAPI document': checkOpenApi,
};

const started = performance.now();
const results = await Promise.all(Object.entries(CHECKS).map(([name, check]) => time(name, check)));
for (const { name, outcome } of results.filter((result) => !result.outcome.ok)) print(`\n── ${name}\n${outcome.output.trim()}`);
const { files } = checkTree(ROOT);
print(`\nLargest files\n${largestFiles(files, 10)}\n\nLongest functions\n${longestFunctions(files, 10)}\n`);
for (const { name, outcome, ms } of results)
  print(`${outcome.ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(30)} ${seconds(ms)}${outcome.note ? `  (${outcome.note})` : ''}`);
const failed = results.filter((result) => !result.outcome.ok);
print(
  failed.length === 0
    ? `All checks pass, in ${seconds(performance.now() - started)}.`
    : `${failed.length} of ${results.length} checks failed.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function time(name: string, check: () => Promise<Outcome>): Promise<{ name: string; outcome: Outcome; ms: number }> {
  const from = performance.now();
  try {
    return { name, outcome: await check(), ms: performance.now() - from };
  } catch (error) {
    const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, outcome: { ok: false, output }, ms: performance.now() - from };
  }
}

async function checkArchitecture(): Promise<Outcome> {
  const { violations } = checkTree(ROOT);
  return {
    ok: violations.length === 0,
    output: violations.map(({ rule, path, line, message }) => `${path}:${line} [${rule}] ${message}`).join('\n'),
  };
}

async function checkInfrastructure(): Promise<Outcome> {
  const { faults, notes } = await checkInfra(ROOT);
  return { ok: faults.length === 0, output: faults.join('\n'), note: notes.join('; ') };
}

async function checkPackages(): Promise<Outcome> {
  const { faults, sbom } = await holdDependencies(ROOT);
  return { ok: faults.length === 0, output: faults.join('\n'), note: `${sbom.components.length} packages run` };
}

/** The committed document must be what the schemas generate, or readers of docs/ and of the server see two contracts. */
async function checkOpenApi(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    const made = await runProgram(join(ROOT, 'server/cli/main.ts'), ['openapi', '--out', file], ROOT);
    if (!made.ok) return made;
    const same = readFileSync(file, 'utf8') === readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8');
    return {
      ok: same,
      output: same ? '' : 'docs/openapi.json is not what the schemas give: run `npm run openapi` and look at the difference.',
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
