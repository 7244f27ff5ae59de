import type { z } from 'zod';
import type { FieldError } from '#shared/problem.ts';
import { nearest } from '#shared/strict.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const ERRORS_MAX = 50;
const KEY_CHARS_MAX = 80;

/**
 * Turns zod's issues into `errors[]`: one entry a fault, with paths as people write them (`auth.cookies[0].domain`). Of a
 * union only the branch that fits best is told. Unknown keys come first, for a key that is mistyped is also one that is
 * missing. Values are never quoted: they may be secrets.
 */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  return issues
    .toSorted(byUnknownKey)
    .slice(0, ERRORS_MAX)
    .flatMap((issue) => expand(issue, []))
    .toSorted((a, b) => byUnknownKey(a.issue, b.issue))
    .flatMap(({ issue, path }) => tell(issue, path))
    .slice(0, ERRORS_MAX);
}

function byUnknownKey(one: Issue, other: Issue): number {
  return Number(other.code === 'unrecognized_keys') - Number(one.code === 'unrecognized_keys');
}

/** Writes a path as in JavaScript: keys with dots, indexes in brackets; overlong keys are cut. */
export function formatPath(path: Path): string {
  let out = '';
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else out += `${out ? '.' : ''}${String(part).slice(0, KEY_CHARS_MAX)}`;
  }
  return out;
}

/** The faults of an issue and where they are: those of the branch that was meant, where it is a union. */
function expand(issue: Issue, base: Path): { issue: Issue; path: Path }[] {
  const path = [...base, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
  // The branch whose type fits says most; among those, the one whose fault lies deepest is what was meant.
  const ranked = [...issue.errors].sort((a, b) => misfit(a) - misfit(b) || depth(b) - depth(a));
  return (ranked[0] ?? []).flatMap((inner) => expand(inner, path));
}

function tell(issue: Issue, path: Path): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys
      .slice(0, ERRORS_MAX)
      .map((key, index) => ({ path: formatPath([...path, key]), message: messages[index] ?? issue.message }));
  }
  if (issue.code === 'invalid_union') return [{ path: formatPath(path), message: unionMessage(issue) }];
  if (issue.code === 'invalid_key' && issue.issues[0])
    return [{ path: formatPath(path), message: `has a bad key: ${issue.issues[0].message}` }];
  return [{ path: formatPath(path), message: issue.message }];
}

function misfit(branch: readonly Issue[]): number {
  return branch.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type') ? 1 : 0;
}

function depth(branch: readonly Issue[]): number {
  return Math.max(0, ...branch.map((issue) => issue.path.length));
}

function unionMessage(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  return options.length > 0 ? `must be one of: ${options.join(', ')}` : issue.message;
}

/** Explains an unknown query parameter, naming the nearest valid one. */
export function unknownParameter(name: string, known: readonly string[]): FieldError {
  const near = nearest(name, known);
  const path = name.slice(0, KEY_CHARS_MAX);
  return { path, message: near ? `Unknown parameter: did you mean \`${near}\`?` : `Unknown parameter. Valid ones: ${known.join(', ')}.` };
}
