import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { LockedPackage } from './check-dependencies.ts';
import { OTHER_LICENSES } from './dependency-policy.ts';

const sbomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  components: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      hashes: z.array(z.looseObject({ alg: z.string(), content: z.string() })).default([]),
      licenses: z.array(z.unknown()).default([]),
      properties: z.array(z.looseObject({ name: z.string() })).default([]),
      'bom-ref': z.string(),
    }),
  ),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
export type Sbom = z.infer<typeof sbomSchema>;

const MS_MAX = 120_000;
const BYTES_MAX = 64 * 1024 * 1024;
const ARGUMENTS = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
/** npm's mark of a package that only tests need. */
const FOR_TESTS = 'cdx:npm:package:development';

/** Asks npm for the bill of materials of what runs: everything that is not only for tests. From the lockfile, offline. */
export async function readSbom(root: string): Promise<Sbom> {
  // Run by npm, that very npm; else the one on the search path.
  const cli = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : null;
  const [program, args] = cli ? [process.execPath, [cli, ...ARGUMENTS]] : ['npm', ARGUMENTS];
  const env = { ...process.env, npm_config_update_notifier: 'false', npm_config_loglevel: 'error' };
  const { stdout } = await promisify(execFile)(program, args, { cwd: root, env, timeout: MS_MAX, maxBuffer: BYTES_MAX }).catch(
    (error: unknown) => {
      throw new Error('npm could not write the bill of materials (npm 10 or newer has `npm sbom`).', { cause: error });
    },
  );
  return withoutTests(sbomSchema.parse(JSON.parse(stdout)));
}

/** npm's own `--omit=dev` also leaves out what both tests and the program need. */
function withoutTests(sbom: Sbom): Sbom {
  const left = new Set(
    sbom.components.filter(({ properties }) => properties.some(({ name }) => name === FOR_TESTS)).map((one) => one['bom-ref']),
  );
  return {
    ...sbom,
    components: sbom.components.filter((one) => !left.has(one['bom-ref'])),
    dependencies: sbom.dependencies
      .filter(({ ref }) => !left.has(ref))
      .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => !left.has(ref)) })),
  };
}

/** Whether the bill names every package that the lockfile fixes for running, each with its hash, and nothing else. */
export function sbomFaults(sbom: Sbom, packages: readonly LockedPackage[]): string[] {
  const idOf = (entry: { name: string; version: string }) => `${entry.name}@${entry.version}`;
  const wanted = new Set(packages.filter((locked) => !locked.isForTests).map(idOf));
  const listed = new Map(sbom.components.map((component) => [idOf(component), component]));
  return [
    ...[...wanted].filter((id) => !listed.has(id)).map((id) => `sbom: ${id} is missing`),
    ...[...listed].flatMap(([id, { name, hashes, licenses, purl }]) => [
      ...(wanted.has(id) ? [] : [`sbom: ${id} is not in the lockfile`]),
      ...(hashes.some(({ alg, content }) => alg === 'SHA-512' && content.length === 128) ? [] : [`sbom: ${id} has no hash`]),
      ...(purl.startsWith('pkg:npm/') ? [] : [`sbom: ${id} is not named by a package URL`]),
      ...(licenses.length > 0 || OTHER_LICENSES[name] ? [] : [`sbom: ${id} has no license`]),
    ]),
  ];
}
