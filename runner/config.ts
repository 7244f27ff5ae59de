import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { parseBrowserAgeMax } from '#shared/browser-age.ts';
import { FAULT_POINTS_VARIABLE, type FaultPlan, FaultPointsRefused, readFaultPlan } from '#shared/fault-points.ts';
import { LIMITS } from '#shared/limits.ts';
import type { LogLevel } from '#shared/log.ts';
import { type Secret, secret } from '#shared/secret.ts';
import type { UpstreamProxy } from './browser/egress/dial-upstream.ts';
import type { PortRange } from './browser/egress/listen-on-loopback.ts';

/**
 * The runner's environment, read once and here only. What the browser gets is built from it name by name: an escaped
 * page must find no token, no key and no URL of ours in its process.
 */
export type Environment = Readonly<Record<string, string | undefined>>;
export type BrowserConfig = Readonly<{
  explicitPath: string | null;
  searchPath: string;
  environment: Readonly<Record<string, string>>;
  extraCaFiles: readonly string[];
  allowNoSandbox: boolean;
  upstreamProxy: UpstreamProxy | null;
  proxyPorts: PortRange | null;
  browserAgeDaysMax: number | null;
  workDir: string;
  logLevel: LogLevel;
}>;
export type RunnerConfig = BrowserConfig &
  Readonly<{
    serverUrl: string;
    token: Secret<string>;
    keyFile: string;
    rabbitmqUrl: Secret<string> | null;
    /** Null: as many as the machine carries. */
    slots: number | null;
    drainMs: number;
    isEmbedded: boolean;
    /** Where this process ends on purpose; null outside of fault drills. */
    faultPlan: FaultPlan | null;
  }>;

/** A variable that is missing or cannot be used; `remedy` says what to set. Exit code 78. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const PROXY_PORTS_MIN = 200;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
// What a browser and its shell wrapper need of the system, and nothing that could carry a secret.
const FOR_THE_BROWSER = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'FONTCONFIG_FILE', 'FONTCONFIG_PATH', 'SystemRoot'];

// They make Playwright write what it says to the browser, cookies and headers included, to stderr or a file, or wait for a person.
const DEBUG_VARIABLES = ['DEBUG', 'DEBUG_FILE', 'PWDEBUG'];

/** Flags of the command line; each wins over its variable. */
export type ConfigFlags = { allowNoSandbox?: boolean | undefined; concurrency?: string | undefined };

/** Reads what a running runner needs. Throws `ConfigError` naming the variable. */
export function readConfig(flags: ConfigFlags = {}, base: Environment = process.env): RunnerConfig {
  const env: Environment = { ...base, ...(flags.concurrency === undefined ? {} : { SESSIONSHOT_CONCURRENCY: flags.concurrency }) };
  return Object.freeze({
    ...readBrowserConfig(flags, base),
    serverUrl: readServerUrl(env),
    token: secret(readToken(env)),
    keyFile: need(
      env,
      'SESSIONSHOT_RUNNER_KEY_FILE',
      'Make the pool’s keys with `sessionshot runner keygen --out DIR` and set it to DIR/private.jwks.json.',
    ),
    rabbitmqUrl: readRabbitUrl(env),
    slots: readNumber(env, { name: 'SESSIONSHOT_CONCURRENCY', min: 1, max: LIMITS.slotsMax }),
    drainMs: readNumber(env, { name: 'SESSIONSHOT_DRAIN_MS', min: 0, max: LIMITS.deadlineMsMax }) ?? LIMITS.drainMsDefault,
    isEmbedded: env.SESSIONSHOT_PARENT_STDIN === '1',
    faultPlan: faultPlanOf(env),
  });
}

/** Reads what finding and testing a browser needs. Throws `ConfigError` naming the variable. */
export function readBrowserConfig(flags: ConfigFlags = {}, env: Environment = process.env): BrowserConfig {
  return Object.freeze({
    explicitPath: env.SESSIONSHOT_BROWSER || null,
    searchPath: env.PATH ?? '',
    environment: Object.freeze({
      LANG: 'C.UTF-8',
      ...Object.fromEntries(FOR_THE_BROWSER.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    }),
    extraCaFiles: Object.freeze(
      (env.SESSIONSHOT_EXTRA_CA_FILE ?? '')
        .split(new RegExp(`[,${delimiter}]`))
        .map((file) => file.trim())
        .filter(Boolean),
    ),
    allowNoSandbox: flags.allowNoSandbox === true || env.SESSIONSHOT_ALLOW_NO_SANDBOX === '1',
    upstreamProxy: readUpstreamProxy(env),
    proxyPorts: readPorts(env),
    browserAgeDaysMax: readBrowserAge(env),
    workDir: env.SESSIONSHOT_WORK_DIR || tmpdir(),
    logLevel: readLevel(env),
  });
}

/**
 * Takes Playwright's debug switches out of the environment; answers the names of those that were set. Playwright reads them
 * once, when it is imported: afterwards it is too late.
 */
export function takeOutDebug(env: Record<string, string | undefined> = process.env): string[] {
  const found = DEBUG_VARIABLES.filter((name) => env[name]);
  for (const name of DEBUG_VARIABLES) Reflect.deleteProperty(env, name);
  return found;
}

/** Points everything that uses the system's temporary folder (Playwright's profiles) at the work folder of this run. */
export function setTemporaryFolder(folder: string): void {
  process.env.TMPDIR = folder;
}

function faultPlanOf(env: Environment): FaultPlan | null {
  try {
    return readFaultPlan(env);
  } catch (error) {
    if (error instanceof FaultPointsRefused) throw new ConfigError(error.message, `Leave ${FAULT_POINTS_VARIABLE} out.`);
    throw error;
  }
}

function need(env: Environment, name: string, remedy: string): string {
  const value = env[name];
  if (!value) throw new ConfigError(`${name} is not set.`, remedy);
  return value;
}

function readServerUrl(env: Environment): string {
  const remedy = 'Set it to the address of the SessionShot server, such as https://sessionshot.example.com.';
  const value = need(env, 'SESSIONSHOT_SERVER_URL', remedy);
  const url = URL.canParse(value) ? new URL(value) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new ConfigError('SESSIONSHOT_SERVER_URL is not an http or https URL without a user name.', remedy);
  return url.href;
}

function readToken(env: Environment): string {
  const remedy =
    'Make a token with `sessionshot runner token NAME` and set SESSIONSHOT_RUNNER_TOKEN, or SESSIONSHOT_RUNNER_TOKEN_FILE to a file that holds it.';
  const file = env.SESSIONSHOT_RUNNER_TOKEN_FILE;
  const token = (env.SESSIONSHOT_RUNNER_TOKEN || (file ? readSecretFile('SESSIONSHOT_RUNNER_TOKEN_FILE', file) : '')).trim();
  if (token === '') throw new ConfigError('SESSIONSHOT_RUNNER_TOKEN is not set.', remedy);
  if (!/^ss_run_[0-9A-Za-z]+$/.test(token)) throw new ConfigError('SESSIONSHOT_RUNNER_TOKEN is not a runner token (ss_run_…).', remedy);
  return token;
}

function readRabbitUrl(env: Environment): Secret<string> | null {
  const value = env.RABBITMQ_URL;
  if (!value) return null;
  if (!URL.canParse(value) || !/^amqps?:$/.test(new URL(value).protocol))
    throw new ConfigError(
      'RABBITMQ_URL is not an amqp or amqps URL.',
      'Set it to amqps://user:password@host/vhost, or leave it out: the runner then takes jobs by long poll.',
    );
  return secret(value);
}

function readUpstreamProxy(env: Environment): UpstreamProxy | null {
  const value = env.SESSIONSHOT_UPSTREAM_PROXY;
  if (!value) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 'http:' || url.hostname === '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new ConfigError(
      'SESSIONSHOT_UPSTREAM_PROXY is not the http URL of a proxy.',
      'Set it to http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or leave it out where runners reach sites directly.',
    );
  const user = `${decode(url.username)}:${decode(url.password)}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    authorization: user === ':' ? null : secret(`Basic ${Buffer.from(user).toString('base64')}`),
  };
}

/** At least as many as a full runner has proxies open: its slots, and the tabs that are made ahead. */
function readPorts(env: Environment): PortRange | null {
  const text = env.SESSIONSHOT_PROXY_PORTS;
  if (!text) return null;
  const [, first = 0, last = 0] = /^(\d{4,5})-(\d{4,5})$/.exec(text)?.map(Number) ?? [];
  if (first < 1024 || last > 65_535 || last - first + 1 < PROXY_PORTS_MIN)
    throw new ConfigError(
      `SESSIONSHOT_PROXY_PORTS is not a range of ${PROXY_PORTS_MIN} or more ports from 1024 to 65535.`,
      'Set it to FIRST-LAST, such as 20000-20999, the same as for infra/second-wall.sh, or leave it out.',
    );
  return { first, last };
}

/** Null where the age of the browser is nobody's concern. */
function readBrowserAge(env: Environment): number | null {
  const daysMax = parseBrowserAgeMax(env.SESSIONSHOT_BROWSER_AGE_DAYS_MAX);
  if (daysMax === undefined)
    throw new ConfigError(
      'SESSIONSHOT_BROWSER_AGE_DAYS_MAX is neither a whole number from 1 to 3650 nor off.',
      'Correct it, or leave it out for the default.',
    );
  return daysMax;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign is one
  }
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(`${name}: ${file} cannot be read.`, 'Check the path and that this user may read it.');
  }
}

function readNumber(env: Environment, rule: { name: string; min: number; max: number }): number | null {
  const text = env[rule.name];
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < rule.min || value > rule.max)
    throw new ConfigError(
      `${rule.name} is not a whole number from ${rule.min} to ${rule.max}.`,
      'Correct it, or leave it out for the default.',
    );
  return value;
}

function readLevel(env: Environment): LogLevel {
  const text = env.SESSIONSHOT_LOG_LEVEL || 'info';
  const level = LEVELS.find((name) => name === text);
  if (!level) throw new ConfigError('SESSIONSHOT_LOG_LEVEL is not a level.', `Use one of ${LEVELS.join(', ')}.`);
  return level;
}
