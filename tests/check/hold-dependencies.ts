import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDependencies, lockedPackages, lockfileSchema, manifestSchema } from './check-dependencies.ts';
import { readSbom, type Sbom, sbomFaults } from './read-sbom.ts';

/** Holds the tree below `root` against the policy and its bill of materials against the lockfile. */
export async function holdDependencies(root: string): Promise<{ faults: string[]; sbom: Sbom }> {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const lockfile = lockfileSchema.parse(read('package-lock.json'));
  const sbom = await readSbom(root);
  const faults = [
    ...checkDependencies(manifestSchema.parse(read('package.json')), lockfile),
    ...sbomFaults(sbom, lockedPackages(lockfile)),
  ];
  return { faults, sbom };
}
