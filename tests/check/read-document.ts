/** A path as documents write one: in a code span, from the root of the tree, of a room or a known folder. */
const PATH = /`((?:\.ci|bench|bin|client|demo|docs|infra|runner|server|shared|tests)\/[\w./-]*|docker-compose\.yml|package\.json)`/g;

/** Every file and folder that a page of Markdown names, in its order. */
export function namedFiles(markdown: string): string[] {
  return [...markdown.matchAll(PATH)].flatMap((match) => match[1] ?? []);
}

/** The rows of the tables whose last column has one of these headings, each with its last cell. */
export function tableRows(markdown: string, headings: readonly string[]): { row: string; cell: string }[] {
  const rows: { row: string; cell: string }[] = [];
  let isAsked = false;
  let before = '';
  for (const line of markdown.split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
      : [];
    const cell = cells.at(-1) ?? '';
    if (cells.length === 0) isAsked = false;
    else if (!before.startsWith('|')) isAsked = headings.includes(cell);
    else if (isAsked && !/^:?-+:?$/.test(cell)) rows.push({ row: line, cell });
    before = line;
  }
  return rows;
}
