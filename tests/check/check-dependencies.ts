import { z } from 'zod';
import { DEPRECATED, GIVEN_UP, INSTALL_SCRIPTS, LICENSES, OTHER_LICENSES } from './dependency-policy.ts';

const versions = z.record(z.string(), z.string()).default({});
export const manifestSchema = z.looseObject({
  dependencies: versions,
  devDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});
const entrySchema = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().default(false),
  dev: z.boolean().default(false),
  license: z.string().optional(),
  deprecated: z.string().optional(),
  hasInstallScript: z.boolean().default(false),
  dependencies: versions,
  devDependencies: versions,
});
export const lockfileSchema = z.looseObject({ lockfileVersion: z.literal(3), packages: z.record(z.string(), entrySchema) });
export type Manifest = z.infer<typeof manifestSchema>;
export type Lockfile = z.infer<typeof lockfileSchema>;
type Entry = z.infer<typeof entrySchema>;

/** One package as the lockfile fixes it. */
export type LockedPackage = { name: string; version: string; isForTests: boolean; entry: Entry };

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const FOLDER = 'node_modules/';

/** Reads the packages of a lockfile, the project itself left out. */
export function lockedPackages(lockfile: Lockfile): LockedPackage[] {
  return Object.entries(lockfile.packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      // An alias is laid under another name than its own.
      name: entry.name ?? path.slice(path.lastIndexOf(FOLDER) + FOLDER.length),
      version: entry.version ?? '',
      isForTests: entry.dev,
      entry,
    }));
}

/** Holds what is named and what is locked against the policy; each fault begins with the name of its rule. */
export function checkDependencies(manifest: Manifest, lockfile: Lockfile): string[] {
  const packages = lockedPackages(lockfile);
  return [
    ...pinFaults(manifest, lockfile),
    ...packages.flatMap((locked) => [...sourceFaults(locked), ...licenseFaults(locked), ...lifeFaults(locked), ...scriptFaults(locked)]),
    ...allowanceFaults(manifest, packages),
  ];
}

/** What package.json names is one version, and the lockfile holds that one. */
function pinFaults(manifest: Manifest, lockfile: Lockfile): string[] {
  const root = lockfile.packages[''];
  const kinds = [
    { named: manifest.dependencies, locked: root?.dependencies ?? {} },
    { named: manifest.devDependencies, locked: root?.devDependencies ?? {} },
  ];
  return kinds.flatMap(({ named, locked }) =>
    Object.entries(named).flatMap(([name, version]) => {
      if (!EXACT.test(version)) return [`pinned: ${name} is named as ${version}: name one version`];
      const isSame = locked[name] === version && lockfile.packages[FOLDER + name]?.version === version;
      return isSame ? [] : [`pinned: ${name} ${version} is not what the lockfile holds: run npm install`];
    }),
  );
}

/** By name, version and hash from whichever registry the installer uses: nothing else says where bytes come from. */
function sourceFaults({ name, version, entry }: LockedPackage): string[] {
  const faults: string[] = [];
  if (entry.link || !EXACT.test(version)) faults.push(`source: ${name} is no release of a registry`);
  if (entry.resolved !== undefined) faults.push(`source: ${name} names where it comes from: install with omit-lockfile-registry-resolved`);
  if (!/^sha512-[\w+/]{86}==$/.test(entry.integrity ?? '')) faults.push(`integrity: ${name} has no SHA-512`);
  return faults;
}

function licenseFaults({ name, entry }: LockedPackage): string[] {
  const says = entry.license ?? '';
  if (OTHER_LICENSES[name]?.says === says) return [];
  return isLicensed(says) ? [] : [`license: ${name} comes under ${says || 'none that it names'}`];
}

/** One of those joined by OR is enough; those joined by AND must all be on the list. Anything else is for a person. */
function isLicensed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((license) => LICENSES.includes(license)));
}

function lifeFaults({ name, entry }: LockedPackage): string[] {
  const isGivenUp = entry.deprecated !== undefined || GIVEN_UP.includes(name);
  return isGivenUp && DEPRECATED[name] === undefined ? [`deprecated: ${name}: ${entry.deprecated ?? 'given up by its authors'}`] : [];
}

function scriptFaults({ name, entry }: LockedPackage): string[] {
  return entry.hasInstallScript && !mayRunScripts(name) ? [`install-script: ${name} runs a program when it is installed`] : [];
}

function mayRunScripts(name: string): boolean {
  return INSTALL_SCRIPTS[name] !== undefined || INSTALL_SCRIPTS[name.replace(/[^/]*$/, '*')] !== undefined;
}

/** What npm is told to run is on the list, and no line of the list has outlived its package. */
function allowanceFaults(manifest: Manifest, packages: readonly LockedPackage[]): string[] {
  const names = new Set(packages.map(({ name }) => name));
  const matches = (pattern: string) =>
    pattern.endsWith('*') ? [...names].some((name) => name.startsWith(pattern.slice(0, -1))) : names.has(pattern);
  const listed = [...Object.keys(INSTALL_SCRIPTS), ...Object.keys(OTHER_LICENSES), ...Object.keys(DEPRECATED)];
  return [
    ...Object.entries(manifest.allowScripts)
      .filter(([name, isAllowed]) => isAllowed && !mayRunScripts(name))
      .map(([name]) => `install-script: package.json lets ${name} run one`),
    ...listed.filter((pattern) => !matches(pattern)).map((pattern) => `policy: ${pattern} is let through and no longer here`),
  ];
}
