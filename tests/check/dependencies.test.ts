import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkDependencies, type Lockfile, lockedPackages, lockfileSchema, type Manifest, manifestSchema } from './check-dependencies.ts';
import { readSbom, type Sbom, sbomFaults } from './read-sbom.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
/** Any package that others depend on and nobody names; the breaks below are made on it. */
const DEEP = 'node_modules/fast-uri';

type Tree = { manifest: Manifest; lockfile: Lockfile };
const freshTree = (): Tree => ({
  manifest: manifestSchema.parse(read('package.json')),
  lockfile: lockfileSchema.parse(read('package-lock.json')),
});
const entryOf = ({ lockfile }: Tree, path = DEEP) => {
  const entry = lockfile.packages[path];
  if (!entry) throw new Error(`${path} is not in the lockfile: name another`);
  return entry;
};
/** A change of the package in the middle of the lockfile. */
const entry = (members: Partial<Lockfile['packages'][string]>) => (tree: Tree) => void Object.assign(entryOf(tree), members);
const rulesOf = (faults: readonly string[]) => [...new Set(faults.map((fault) => fault.split(':')[0]))];

const BREAKS: readonly { rule: string; what: string; change: (tree: Tree) => void }[] = [
  { rule: 'pinned', what: 'a range', change: ({ manifest }) => void Object.assign(manifest.dependencies, { fastify: '^5.0.0' }) },
  { rule: 'pinned', what: 'a tag', change: ({ manifest }) => void Object.assign(manifest.devDependencies, { knip: 'latest' }) },
  {
    rule: 'pinned',
    what: 'a version that is not the locked one',
    change: ({ manifest }) => void Object.assign(manifest.dependencies, { fastify: '5.0.0' }),
  },
  { rule: 'source', what: 'a host', change: entry({ resolved: 'https://packages.example/fast-uri.tgz' }) },
  { rule: 'source', what: 'a repository', change: entry({ version: 'git+ssh://git@example.com/a/b.git#0123456' }) },
  { rule: 'source', what: 'a folder', change: entry({ link: true }) },
  { rule: 'integrity', what: 'no hash', change: entry({ integrity: undefined }) },
  { rule: 'integrity', what: 'a weak hash', change: entry({ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }) },
  {
    rule: 'license',
    what: 'a license for which our code would have to be opened',
    change: entry({ license: 'AGPL-3.0-only' }),
  },
  { rule: 'license', what: 'two licenses, both to be kept', change: entry({ license: 'MIT AND GPL-3.0-only' }) },
  { rule: 'license', what: 'no license', change: entry({ license: undefined }) },
  {
    rule: 'license',
    what: 'a file that a person must read',
    change: entry({ license: 'SEE LICENSE IN LICENSE.txt' }),
  },
  {
    rule: 'deprecated',
    what: 'a package that its registry calls deprecated',
    change: entry({ deprecated: 'Use another.' }),
  },
  {
    rule: 'deprecated',
    what: 'a package that is known to be given up',
    change: (tree) => void Object.assign(tree.lockfile.packages, { 'node_modules/request': { ...entryOf(tree), version: '2.88.2' } }),
  },
  { rule: 'install-script', what: 'a program at installation', change: entry({ hasInstallScript: true }) },
  {
    rule: 'install-script',
    what: 'a permission for one',
    change: ({ manifest }) => void Object.assign(manifest.allowScripts, { 'fast-uri': true }),
  },
  {
    rule: 'policy',
    what: 'an exception that has outlived its package',
    change: ({ lockfile }) => void Reflect.deleteProperty(lockfile.packages, 'node_modules/uri-templates'),
  },
];

describe('the policy of dependencies', () => {
  test('holds for every package of this tree', () => {
    const { manifest, lockfile } = freshTree();
    expect(checkDependencies(manifest, lockfile)).toEqual([]);
    expect(lockedPackages(lockfile).length).toBeGreaterThan(500);
  });

  test.each(BREAKS)('$rule is broken by $what', ({ rule, change }) => {
    const tree = freshTree();
    change(tree);
    expect(rulesOf(checkDependencies(tree.manifest, tree.lockfile))).toEqual([rule]);
  });

  test.each(['(MIT OR CC0-1.0)', 'MIT AND ISC', 'GPL-2.0-only OR MIT'])('is kept by %s', (license) => {
    const tree = freshTree();
    entryOf(tree).license = license;
    expect(checkDependencies(tree.manifest, tree.lockfile)).toEqual([]);
  });
});

describe('the bill of materials', () => {
  const packages = lockedPackages(freshTree().lockfile);
  let sbom: Sbom;
  beforeAll(async () => {
    sbom = await readSbom(ROOT);
  });

  test('names everything that runs, with its hash and license, and nothing that only tests need', () => {
    expect(sbomFaults(sbom, packages)).toEqual([]);
    const names = sbom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'playwright', 'fast-uri']));
    expect(names).not.toContain('vitest');
  });

  test('is refused when it leaves something out, or names something that is not locked', () => {
    const [first, ...rest] = sbom.components;
    if (!first) throw new Error('an empty bill of materials');
    expect(rulesOf(sbomFaults({ ...sbom, components: rest }, packages))).toEqual(['sbom']);
    const stranger = { ...first, name: 'left-pad', version: '1.3.0', purl: 'pkg:npm/left-pad@1.3.0', hashes: [], licenses: [] };
    expect(sbomFaults({ ...sbom, components: [...sbom.components, stranger] }, packages)).toEqual([
      'sbom: left-pad@1.3.0 is not in the lockfile',
      'sbom: left-pad@1.3.0 has no hash',
      'sbom: left-pad@1.3.0 has no license',
    ]);
  });
});
