import type { SourceFile } from '../architecture/read-source.ts';

/** The largest files, one a line: lines and path. Tests and tables are left in; generated files are not. */
export function largestFiles(files: readonly SourceFile[], count: number): string {
  const rows = files.filter((file) => !file.path.includes('/migrations/')).sort((a, b) => b.lines - a.lines);
  return rows
    .slice(0, count)
    .map((file) => row(file.lines, file.path))
    .join('\n');
}

/** The functions with the most lines of their own, one a line: own lines, lines in all, place and name. */
export function longestFunctions(files: readonly SourceFile[], count: number): string {
  const spans = files
    .filter((file) => !file.path.endsWith('.test.ts') && !file.path.includes('/migrations/'))
    .flatMap((file) => file.functions.map((span) => ({ ...span, path: file.path })));
  const rows = spans.sort((a, b) => b.ownLines - a.ownLines);
  return rows
    .slice(0, count)
    .map((span) =>
      row(span.ownLines, `${span.path}:${span.line} ${span.name}${span.lines === span.ownLines ? '' : ` (${span.lines} in all)`}`),
    )
    .join('\n');
}

function row(lines: number, text: string): string {
  return `${String(lines).padStart(5)}  ${text}`;
}
