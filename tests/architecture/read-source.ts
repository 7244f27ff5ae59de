import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { type Node, parseSync, Visitor } from 'oxc-parser';

/** One import of any form: static, `import type`, re-export, dynamic, or a type written `import('…').T`. */
export type Import = { specifier: string; names: readonly string[]; isTypeOnly: boolean; isReExport: boolean; line: number };
/** `ownLines` leaves out what stands in functions inside it: those are measured by themselves. */
export type FunctionSpan = { name: string; line: number; lines: number; ownLines: number };

/** What the rules look at in one file. `path` is relative to the tree and uses `/`. */
export type SourceFile = {
  path: string;
  text: string;
  lines: number;
  imports: Import[];
  functions: FunctionSpan[];
  /** Lines that read `process.env`. */
  environmentReads: number[];
  reveals: number[];
  /** Lines that take a unit of work which sees every workspace. */
  acrossWorkspaces: number[];
  /** Lines with an `as` that is not `as const`. */
  casts: number[];
  hasDefaultExport: boolean;
  /** Has nothing but imports and re-exports. */
  isBarrel: boolean;
};

const EXTENSIONS = new Set(['.ts', '.tsx', '.mjs']);
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.sessionshot']);

/** Reads every source file below `root`, sorted by path. */
export function readTree(root: string): SourceFile[] {
  return listFiles(root)
    .filter((path) => EXTENSIONS.has(extname(path)) && !path.endsWith('.d.ts'))
    .map((path) => readSource(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !SKIPPED.has(name))
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? listFiles(path) : [path]));
}

/** Parses one file. Throws when it cannot be parsed: a file that no rule can read would pass all of them. */
export function readSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  const fault = errors.find((error) => error.severity === 'Error');
  if (fault) throw new Error(`${path}: ${fault.message}`);
  const lineOf = lineCounter(text);
  const file: SourceFile = {
    path,
    text,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [],
    functions: [],
    environmentReads: [],
    reveals: [],
    acrossWorkspaces: [],
    casts: [],
    hasDefaultExport: program.body.some((statement) => statement.type === 'ExportDefaultDeclaration'),
    isBarrel: program.body.length > 0 && program.body.every(isReExport),
  };
  collect(program, file, lineOf);
  subtractInner(file.functions);
  return file;
}

function subtractInner(spans: FunctionSpan[]): void {
  const holds = (outer: FunctionSpan, inner: FunctionSpan) =>
    outer !== inner && outer.line <= inner.line && outer.line + outer.lines >= inner.line + inner.lines;
  for (const inner of spans.filter((span) => span.lines > 1)) {
    const around = spans.filter((span) => holds(span, inner) && span.lines > inner.lines);
    const nearest = around.sort((a, b) => a.lines - b.lines)[0];
    if (nearest) nearest.ownLines -= inner.lines;
  }
}

function isReExport(statement: { type: string; source?: unknown }): boolean {
  return statement.type === 'ExportAllDeclaration' || (statement.type === 'ExportNamedDeclaration' && Boolean(statement.source));
}

function collect(program: ReturnType<typeof parseSync>['program'], file: SourceFile, lineOf: (offset: number) => number): void {
  const addImport = (node: Node, specifier: string, found: Partial<Import>) =>
    file.imports.push({ specifier, names: [], isTypeOnly: false, isReExport: false, line: lineOf(node.start), ...found });
  const grouped = new Set<number>();
  const names = new Map<number, string>();
  const addFunction = (node: Node, name: string | undefined) => {
    const lines = lineOf(node.end) - lineOf(node.start) + 1;
    if (!grouped.has(node.start))
      file.functions.push({ name: names.get(node.start) ?? name ?? 'function', line: lineOf(node.start), lines, ownLines: lines });
  };
  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.map((entry) => (entry.type === 'ImportSpecifier' ? nameOf(entry.imported) : entry.local.name));
      const areTypes =
        node.specifiers.length > 0 && node.specifiers.every((entry) => entry.type === 'ImportSpecifier' && entry.importKind === 'type');
      addImport(node, node.source.value, { names, isTypeOnly: node.importKind === 'type' || areTypes });
    },
    ExportNamedDeclaration(node) {
      if (node.source) addImport(node, node.source.value, { isReExport: true, isTypeOnly: node.exportKind === 'type' });
    },
    ExportAllDeclaration: (node) => void addImport(node, node.source.value, { isReExport: true, isTypeOnly: node.exportKind === 'type' }),
    ImportExpression(node) {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') addImport(node, node.source.value, {});
    },
    TSImportType: (node) =>
      void addImport(node, node.source.value, { names: node.qualifier ? [nameOf(node.qualifier)] : [], isTypeOnly: true }),
    CallExpression(node) {
      // A test file's `describe` only groups what is measured inside it.
      if (node.callee.type === 'Identifier' && node.callee.name === 'describe')
        for (const argument of node.arguments) grouped.add(argument.start);
      if (node.callee.type === 'MemberExpression' && nameOf(node.callee.property) === 'reveal') file.reveals.push(lineOf(node.end));
      if (node.callee.type === 'MemberExpression' && nameOf(node.callee.property) === 'acrossWorkspaces')
        file.acrossWorkspaces.push(lineOf(node.end));
    },
    MemberExpression(node) {
      if (nameOf(node.object) === 'process' && nameOf(node.property) === 'env') file.environmentReads.push(lineOf(node.start));
    },
    TSAsExpression(node) {
      const isConst = node.typeAnnotation.type === 'TSTypeReference' && nameOf(node.typeAnnotation.typeName) === 'const';
      if (!isConst) file.casts.push(lineOf(node.end));
    },
    VariableDeclarator: (node) => void (node.init && node.id.type === 'Identifier' && names.set(node.init.start, node.id.name)),
    Property: (node) => void names.set(node.value.start, nameOf(node.key)),
    MethodDefinition: (node) => void names.set(node.value.start, nameOf(node.key)),
    FunctionDeclaration: (node) => addFunction(node, node.id?.name),
    FunctionExpression: (node) => addFunction(node, node.id?.name),
    ArrowFunctionExpression: (node) => addFunction(node, undefined),
  }).visit(program);
}

function nameOf(node: { type: string; name?: unknown; value?: unknown }): string {
  return typeof node.name === 'string' ? node.name : String(node.value ?? '');
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
