import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkTree } from './check-tree.ts';
import { readSource } from './read-source.ts';

const lines = (count: number) => 'one();\n'.repeat(count);

/** For each rule a tiny tree that breaks it and nothing else. */
const BROKEN: readonly { rule: string; what: string; files: Record<string, string> }[] = [
  { rule: 'rooms', what: 'the server imports the runner', files: { 'server/a.ts': "import '#runner/b.ts';", 'runner/b.ts': '' } },
  {
    rule: 'rooms',
    what: 'the runner imports a type of the server',
    files: { 'runner/a.ts': "import type { B } from '#server/b.ts';", 'server/b.ts': '' },
  },
  {
    rule: 'rooms',
    what: 'the runner writes a type import of the server',
    files: { 'runner/a.ts': "export type A = import('#server/b.ts').B;", 'server/b.ts': '' },
  },
  {
    rule: 'rooms',
    what: 'the runner imports the server when it runs',
    files: { 'runner/a.ts': "await import('#server/b.ts');", 'server/b.ts': '' },
  },
  {
    rule: 'rooms',
    what: 'the runner passes on what the server exports',
    files: { 'runner/a.ts': "const a = 1;\nexport { a };\nexport { b } from '#server/b.ts';", 'server/b.ts': '' },
  },
  { rule: 'rooms', what: 'shared imports a room', files: { 'shared/a.ts': "import '#server/b.ts';", 'server/b.ts': '' } },
  {
    rule: 'rooms',
    what: 'the console imports the router itself',
    files: { 'client/a.ts': "import { AppRouter } from '#server/api/router.ts';", 'server/api/router.ts': '' },
  },
  {
    rule: 'rooms',
    what: 'the console imports another type of the router',
    files: { 'client/a.ts': "import type { Context } from '#server/api/router.ts';", 'server/api/router.ts': '' },
  },
  { rule: 'specifier', what: 'a relative path leaves its room', files: { 'server/a.ts': "import '../shared/b.ts';", 'shared/b.ts': '' } },
  { rule: 'specifier', what: 'a relative path climbs two floors', files: { 'client/a/b/c.ts': "import '../../d.ts';", 'client/d.ts': '' } },
  { rule: 'resolves', what: 'an import leads nowhere', files: { 'server/a.ts': "import './gone.ts';" } },
  {
    rule: 'server-floors',
    what: 'the domain imports an adapter',
    files: { 'server/domain/a.ts': "import '../adapters/b.ts';", 'server/adapters/b.ts': '' },
  },
  {
    rule: 'server-floors',
    what: 'the domain reads the configuration',
    files: { 'server/domain/a.ts': "import '../config.ts';", 'server/config.ts': '' },
  },
  {
    rule: 'server-floors',
    what: 'the database imports the domain',
    files: { 'server/db/a.ts': "import '../domain/b.ts';", 'server/domain/b.ts': '' },
  },
  {
    rule: 'server-floors',
    what: 'the API imports an adapter beside it',
    files: { 'server/api/a.ts': "import '../adapters/b.ts';", 'server/adapters/b.ts': '' },
  },
  {
    rule: 'domain-floors',
    what: 'jobs import captures',
    files: { 'server/domain/jobs/a.ts': "import '../captures/b.ts';", 'server/domain/captures/b.ts': '' },
  },
  {
    rule: 'domain-floors',
    what: 'access imports jobs',
    files: { 'server/domain/access/a.ts': "import '../jobs/b.ts';", 'server/domain/jobs/b.ts': '' },
  },
  { rule: 'vendors', what: 'a package is used away from its home', files: { 'server/domain/a.ts': "import '@azure/storage-blob';" } },
  {
    rule: 'vendors',
    what: 'a type of a package is used away from its home',
    files: { 'runner/a.ts': "import type { Page } from 'playwright';" },
  },
  { rule: 'vendors', what: 'a package has no home', files: { 'server/api/a.ts': "import 'left-pad';" } },
  { rule: 'shared-is-pure', what: 'shared reads files', files: { 'shared/a.ts': "import 'node:fs';" } },
  { rule: 'circles', what: 'two files import each other', files: { 'server/a.ts': "import './b.ts';", 'server/b.ts': "import './a.ts';" } },
  {
    rule: 'circles',
    what: 'a circle of types through an alias',
    files: {
      'shared/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
      'shared/b.ts': "import type { A } from '#shared/a.ts';\nexport type B = A;",
    },
  },
  { rule: 'environment', what: 'the environment is read elsewhere', files: { 'server/api/a.ts': 'export const home = process.env.HOME;' } },
  { rule: 'default-export', what: 'a default export', files: { 'server/a.ts': 'export default 1;' } },
  { rule: 'barrel', what: 'a barrel', files: { 'server/index.ts': "export * from './b.ts';", 'server/b.ts': '' } },
  { rule: 'file-size', what: 'a file of 301 lines', files: { 'server/a.ts': lines(301) } },
  { rule: 'function-size', what: 'a function of 61 lines', files: { 'server/a.ts': `export const long = () => {\n${lines(59)}};` } },
  {
    rule: 'function-size',
    what: 'a factory of 156 lines',
    files: { 'server/a.ts': `export const create = () => {\n${`const f = () => {\n${lines(5)}};\n`.repeat(22)}};` },
  },
  { rule: 'function-size', what: 'a component of 151 lines', files: { 'client/a.tsx': `export function Long() {\n${lines(149)}}` } },
  { rule: 'reveals', what: 'a secret is opened at a new place', files: { 'server/api/a.ts': 'token.reveal();' } },
  {
    rule: 'across-workspaces',
    what: 'a new place sees every workspace',
    files: { 'server/domain/captures/a.ts': 'db.acrossWorkspaces();' },
  },
  { rule: 'casts', what: 'a cast', files: { 'server/api/a.ts': 'export const a = b as string;' } },
  { rule: 'stray-text', what: 'an open end', files: { 'server/a.ts': `// ${'TO'}DO: later` } },
  { rule: 'stray-text', what: 'a path of one machine', files: { 'server/a.ts': `read('/${'root'}/file');` } },
  {
    rule: 'test-code',
    what: 'a program imports what is for tests',
    files: { 'runner/a.ts': "import './fixtures/b.ts';", 'runner/fixtures/b.ts': "import 'left-pad';\nexport const b = process.env.B;" },
  },
];

/** Trees that look like a fault and are none. */
const SOUND: readonly { what: string; files: Record<string, string> }[] = [
  {
    what: 'the console names the router type',
    files: {
      'client/a.ts': "import type { AppRouter } from '#server/api/router.ts';\nexport type R = AppRouter;",
      'server/api/router.ts': '',
    },
  },
  {
    what: 'imports go down',
    files: {
      'server/app.ts': "import './api/a.ts';",
      'server/api/a.ts': "import '../domain/captures/b.ts';",
      'server/domain/captures/b.ts': "import '../jobs/c.ts';",
      'server/domain/jobs/c.ts': "import '../ports.ts';",
      'server/domain/ports.ts': '',
    },
  },
  { what: 'as const', files: { 'server/a.ts': "export const a = ['x'] as const;" } },
  { what: 'a long group of tests', files: { 'server/a.test.ts': `describe('a', () => {\n${lines(80)}});` } },
  { what: 'a file of 300 lines, a function of 60', files: { 'server/a.ts': `export function fits() {\n${lines(58)}}\n${lines(240)}` } },
];

function withTree<T>(files: Record<string, string>, use: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'architecture-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe('the rules of docs/architecture.md', () => {
  test('hold for the whole tree', () => {
    const { files, violations } = checkTree(join(import.meta.dirname, '../..'));
    expect(files.length).toBeGreaterThan(100);
    expect(violations.map(({ rule, path, line, message }) => `${rule}: ${path}:${line} ${message}`)).toEqual([]);
  });

  test.each(BROKEN)('$rule is broken when $what', ({ rule, files }) => {
    const rules = withTree(files, (root) => checkTree(root).violations.map((violation) => violation.rule));
    expect([...new Set(rules)]).toEqual([rule]);
  });

  test.each(SOUND)('nothing is broken by: $what', ({ files }) => {
    expect(withTree(files, (root) => checkTree(root).violations)).toEqual([]);
  });

  test('a file that cannot be parsed is a failure, not a file without imports', () => {
    expect(() => readSource('server/a.ts', 'export const = 1')).toThrow('server/a.ts');
  });
});
