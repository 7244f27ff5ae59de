import type { FunctionSpan, SourceFile } from './read-source.ts';
import {
  ACROSS_WORKSPACES,
  CASTS,
  COMPONENT_LINES_MAX,
  DEFAULT_EXPORTS,
  ENVIRONMENT_READERS,
  FACTORY_LINES_MAX,
  FORBIDDEN_TEXT,
  FUNCTION_LINES_MAX,
  GENERATED,
  LINES_MAX,
  REVEALS,
  TEST_CODE,
} from './rules.ts';
import { isBelow, type Violation } from './violation.ts';

type Counted = { reveals: Record<string, number>; casts: Record<string, number> };

/** Holds the form of every file against the rules: sizes, exports, the environment, secrets, casts, stray text. */
export function checkShape(files: readonly SourceFile[], counted: Counted = { reveals: REVEALS, casts: CASTS }): Violation[] {
  return files.flatMap((file) => [...sizeFaults(file), ...exportFaults(file), ...placeFaults(file, counted), ...textFaults(file)]);
}

function sizeFaults(file: SourceFile): Violation[] {
  if (isBelow(file.path, GENERATED)) return [];
  const isComponents = file.path.endsWith('.tsx');
  const [ownMax, totalMax] = isComponents ? [COMPONENT_LINES_MAX, COMPONENT_LINES_MAX] : [FUNCTION_LINES_MAX, FACTORY_LINES_MAX];
  const long = file.functions.filter((span) => span.ownLines > ownMax || span.lines > totalMax);
  const say = ({ name, lines, ownLines }: FunctionSpan) =>
    `${name} has ${lines} lines (at most ${totalMax}), ${ownLines} of its own (at most ${ownMax})`;
  return [
    ...(file.lines > LINES_MAX
      ? [{ rule: 'file-size', path: file.path, line: 1, message: `${file.lines} lines, at most ${LINES_MAX}` }]
      : []),
    ...long.map((span) => ({ rule: 'function-size', path: file.path, line: span.line, message: say(span) })),
  ];
}

function exportFaults(file: SourceFile): Violation[] {
  const faults: Violation[] = [];
  const at = (rule: string, message: string) => faults.push({ rule, path: file.path, line: 1, message });
  if (file.hasDefaultExport && !isBelow(file.path, DEFAULT_EXPORTS)) at('default-export', 'export by name');
  if (file.isBarrel) at('barrel', 'only passes on what others export: import from there');
  return faults;
}

function placeFaults(file: SourceFile, counted: Counted): Violation[] {
  const faults: Violation[] = [];
  if (!isBelow(file.path, ENVIRONMENT_READERS) && !TEST_CODE.test(file.path)) {
    for (const line of file.environmentReads)
      faults.push({ rule: 'environment', path: file.path, line, message: 'process.env is read in the configuration only' });
  }
  if (/^(tests|bench)\//.test(file.path) || TEST_CODE.test(file.path)) return faults;
  const count = (rule: string, what: string, lines: readonly number[], allowed = 0) => {
    if (lines.length !== allowed)
      faults.push({
        rule,
        path: file.path,
        line: lines[0] ?? 1,
        message: `${lines.length} ${what} (lines ${lines.join(', ')}), rules.ts names ${allowed}`,
      });
  };
  count('reveals', 'calls of .reveal()', file.reveals, counted.reveals[file.path]);
  const across = ACROSS_WORKSPACES[file.path];
  count('across-workspaces', 'units of work that see every workspace', file.acrossWorkspaces, across?.calls);
  count('casts', 'casts with `as`', file.casts, counted.casts[file.path]);
  return faults;
}

function textFaults(file: SourceFile): Violation[] {
  return FORBIDDEN_TEXT.flatMap(({ pattern, why }) => {
    const match = pattern.exec(file.text);
    if (!match) return [];
    const line = file.text.slice(0, match.index).split('\n').length;
    return [{ rule: 'stray-text', path: file.path, line, message: `"${match[0].trim()}": ${why}` }];
  });
}
