import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdDependencies } from './hold-dependencies.ts';

/** `npm run sbom`: writes the bill of materials of what runs (CycloneDX), once it holds. */
const ROOT = join(import.meta.dirname, '../..');
const FILE = 'dist/sbom.cdx.json';

const { faults, sbom } = await holdDependencies(ROOT);
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\nNothing was written.\n`);
  process.exitCode = 1;
} else {
  mkdirSync(dirname(join(ROOT, FILE)), { recursive: true });
  writeFileSync(join(ROOT, FILE), `${JSON.stringify(sbom, null, 2)}\n`);
  process.stdout.write(`${FILE}: ${sbom.components.length} packages, CycloneDX ${sbom.specVersion}\n`);
}
