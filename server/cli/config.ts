import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseBrowserAgeMax } from '#shared/browser-age.ts';
import { nearest, strict } from '#shared/strict.ts';
import { type DomainProofConfig, readDomainProofConfig, readOidcConfig } from '../config.ts';
import type { OidcConfig } from '../config-oidc.ts';
import { defaultDataDir } from '../embedded/data-dir.ts';
import { EXIT, OperatorError } from '../embedded/operator-error.ts';
import { readIfThere } from '../embedded/private-file.ts';

// The one place of the command line that reads the environment. Precedence: flag > environment > sessionshot.config.json
// > default. What a distributed set-up needs besides (`server`, `migrate`) is read by server/config.ts.
const port = z.coerce.number().pipe(z.int().min(0).max(65_535));
const flag = z.union([
  z.boolean(),
  z.enum(['1', 'true', 'yes', '0', 'false', 'no', '']).transform((text) => ['1', 'true', 'yes'].includes(text)),
]);
const text = z.string().min(1).max(4096);

const SHAPE = {
  port: port.default(4180),
  host: text.default('127.0.0.1'),
  dataDir: text.optional(),
  open: z.enum(['none', 'browser', 'window']).default('none'),
  concurrency: z.coerce.number().pipe(z.int().min(1).max(64)).optional(),
  runner: flag.default(true),
  allowNoSandbox: flag.default(false),
  browser: text.optional(),
  extraCaFile: text.optional(),
  publicUrl: text.optional(),
  blobPublicUrl: text.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};
const settingsSchema = strict(SHAPE);
/** The settings of `up`. `dataDir` is always given; paths are as the person wrote them. */
export type Settings = z.infer<typeof settingsSchema> & { dataDir: string };
export type SettingKey = keyof typeof SHAPE;
type Given = Partial<Record<SettingKey, unknown>>;

const BROWSER_AGE = 'SESSIONSHOT_BROWSER_AGE_DAYS_MAX';

/** The variable of each setting: SESSIONSHOT_ and its name in capitals. */
export const VARIABLES: Record<SettingKey, string> = {
  port: 'SESSIONSHOT_PORT',
  host: 'SESSIONSHOT_HOST',
  dataDir: 'SESSIONSHOT_DATA_DIR',
  open: 'SESSIONSHOT_OPEN',
  concurrency: 'SESSIONSHOT_CONCURRENCY',
  runner: 'SESSIONSHOT_RUNNER',
  allowNoSandbox: 'SESSIONSHOT_ALLOW_NO_SANDBOX',
  browser: 'SESSIONSHOT_BROWSER',
  extraCaFile: 'SESSIONSHOT_EXTRA_CA_FILE',
  publicUrl: 'SESSIONSHOT_PUBLIC_URL',
  blobPublicUrl: 'SESSIONSHOT_BLOB_PUBLIC_URL',
  logLevel: 'SESSIONSHOT_LOG_LEVEL',
};
export const CONFIG_FILE = 'sessionshot.config.json';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Merges what was given on the command line, by the environment and in the file. Throws 78 and names what is wrong. */
export function resolveSettings(flags: Given, env: Environment, file: string | null, isRoot: boolean): Settings {
  const given: Given = { ...readFileSettings(file), ...readVariables(env), ...definedOnly(flags) };
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) {
    const fallback = () => defaultDataDir({ isRoot, home: env.HOME ?? homedir(), xdgDataHome: env.XDG_DATA_HOME });
    return { ...parsed.data, dataDir: parsed.data.dataDir ?? fallback() };
  }
  const issue = parsed.error.issues[0];
  const key = keyOf(issue?.path[0]);
  const source =
    key && definedOnly(flags)[key] !== undefined
      ? `--${kebab(key)}`
      : key && env[VARIABLES[key]]
        ? VARIABLES[key]
        : `\`${key ?? '?'}\` in ${CONFIG_FILE}`;
  const isFlag = source.startsWith('--');
  throw new OperatorError(
    isFlag ? EXIT.usage : EXIT.configuration,
    'invalid_setting',
    `${source}: ${issue?.message ?? 'is not valid'}`,
    'Correct it and start again; `sessionshot up --help` lists the settings.',
  );
}

/** Reads the settings of this process: its environment, and the file in the current folder. */
export function readSettings(flags: Given): Settings {
  return resolveSettings(flags, process.env, readIfThere(join(process.cwd(), CONFIG_FILE)), process.getuid?.() === 0);
}

/** Names the data folder that a command talks to. */
export function readDataDir(given: string | undefined): string {
  return readSettings({ dataDir: given }).dataDir;
}

/** Where external parts are configured, embedded ones are not started. Connection strings: never for a message. */
export type ExternalParts = { databaseUrl?: string; rabbitmqUrl?: string; storageAccountUrl?: string; storageConnectionString?: string };

export function readExternalParts(env: Environment = process.env): ExternalParts {
  return {
    databaseUrl: env.DATABASE_URL || undefined,
    rabbitmqUrl: env.RABBITMQ_URL || undefined,
    storageAccountUrl: env.AZURE_STORAGE_ACCOUNT_URL || undefined,
    storageConnectionString: env.AZURE_STORAGE_CONNECTION_STRING || undefined,
  };
}

/** Single sign-on of an instance on one machine. Throws `ConfigError` with every fault. */
export function readSingleSignOn(env: Environment = process.env): OidcConfig | null {
  return readOidcConfig(env);
}

/** Whether allowed domains need a proof on an instance on one machine. Throws `ConfigError`. */
export function readDomainProof(env: Environment = process.env): DomainProofConfig {
  return readDomainProofConfig(env);
}

/**
 * The database of a distributed set-up, the address people open it at, and the files of the pool's public keys and of the servers'
 * own key where they are set; null where DATABASE_URL is not.
 */
export function readDatabaseAddress(
  env: Environment = process.env,
): { databaseUrl: string; publicUrl: string; publicKeysFile: string | null; secretKeyFile: string | null } | null {
  if (!env.DATABASE_URL) return null;
  const publicUrl = env.SESSIONSHOT_PUBLIC_URL || `http://${env.SESSIONSHOT_HOST || '127.0.0.1'}:${env.SESSIONSHOT_PORT || '4180'}`;
  return {
    databaseUrl: env.DATABASE_URL,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    publicKeysFile: env.SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE || null,
    secretKeyFile: env.SESSIONSHOT_SECRET_KEY_FILE || null,
  };
}

/** What programs started by us may see of our environment: no variable that could hold a secret is on the list. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'PLAYWRIGHT_BROWSERS_PATH',
  'FONTCONFIG_PATH',
  'FONTCONFIG_FILE',
  // Settings that are the runner's alone.
  'SESSIONSHOT_PROXY_PORTS',
  BROWSER_AGE,
];

export function readPassedOn(env: Environment = process.env): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** How old a browser may be before `doctor` says so, in days; null for never. What cannot be read is told by the runner. */
export function readBrowserAgeMax(env: Environment = process.env): number | null {
  return parseBrowserAgeMax(env[BROWSER_AGE]) ?? null;
}

/** What tells whether a browser could be opened for the person at this terminal. */
export function hasDisplay(env: Environment = process.env): boolean {
  return process.platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** The variables of the display, for programs that open a window. */
export function readDisplay(env: Environment = process.env): Record<string, string> {
  const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'BROWSER'];
  return { ...readPassedOn(env), ...Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : []))) };
}

function readVariables(env: Environment): Given {
  const given: Given = {};
  for (const key of Object.keys(SHAPE)) {
    const known = keyOf(key);
    const value = known && env[VARIABLES[known]];
    if (known && value !== undefined && value !== '') given[known] = value;
  }
  return given;
}

function readFileSettings(text: string | null): Given {
  if (text === null) return {};
  const refuse = (message: string) =>
    new OperatorError(
      EXIT.configuration,
      'invalid_config_file',
      `${CONFIG_FILE}: ${message}`,
      `Valid keys: ${Object.keys(SHAPE).join(', ')}.`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('must hold one object');
  const given: Given = {};
  for (const [name, entry] of Object.entries(value)) {
    const key = keyOf(name);
    const near = nearest(name, Object.keys(SHAPE));
    if (!key) throw refuse(near ? `unknown key \`${name}\`: did you mean \`${near}\`?` : `unknown key \`${name}\``);
    given[key] = entry;
  }
  return given;
}

function definedOnly(given: Given): Given {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function keyOf(name: unknown): SettingKey | undefined {
  return Object.keys(SHAPE).find((key): key is SettingKey => key === name);
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
