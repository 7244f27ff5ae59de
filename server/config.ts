import { Resolver } from 'node:dns';
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { z } from 'zod';
import { type FaultPlan, FaultPointsRefused, readFaultPlan } from '#shared/fault-points.ts';
import { LIMITS } from '#shared/limits.ts';
import type { LogLevel } from '#shared/log.ts';
import { type Secret, secret } from '#shared/secret.ts';
import { type OidcConfig, oidcEnv, readOidc } from './config-oidc.ts';

/** A configuration that cannot be used. `message` names the variable and the remedy; the process ends with `exitCode`. */
export class ConfigError extends Error {
  readonly exitCode = 78;
  override readonly name = 'ConfigError';
}

const text = z.string().trim().min(1).optional();
const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .trim()
    .refine((value) => URL.canParse(value) && protocols.test(value), `must be a URL such as ${example}`);
const whole = (min: number, max: number) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

/** The variables of the proof of domains. */
const proofEnv = {
  SESSIONSHOT_DOMAIN_PROOF: z.enum(['off', 'required']).default('off'),
  SESSIONSHOT_DOMAIN_PROOF_DNS: z
    .string()
    .default('')
    .transform(listOf)
    .refine(areNameServers, 'must be addresses of name servers with commas between them, such as 10.0.0.53,[2001:db8::53]:5353'),
};

/** Every variable that the server reads. Empty ones count as absent, as in a compose file. */
const envSchema = z.object({
  DATABASE_URL: url(/^postgres(ql)?:/, 'postgresql://user@host:5432/sessionshot').optional(),
  RABBITMQ_URL: url(/^amqps?:/, 'amqp://user@host:5672').optional(),
  AZURE_STORAGE_ACCOUNT_URL: url(/^https:/, 'https://account.blob.core.windows.net').optional(),
  AZURE_STORAGE_CONNECTION_STRING: text,
  SESSIONSHOT_BLOB_CONTAINER: z
    .string()
    .trim()
    .regex(/^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/, 'must be 3 to 63 small letters, digits and single hyphens')
    .default('captures'),
  SESSIONSHOT_BLOB_PUBLIC_URL: url(/^https?:/, 'https://files.example.com').optional(),
  SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: text,
  SESSIONSHOT_SECRET_KEY_FILE: text,
  SESSIONSHOT_EXTRA_CA_FILE: text,
  ...oidcEnv,
  ...proofEnv,
  SESSIONSHOT_HOST: z.string().trim().min(1).default('127.0.0.1'),
  SESSIONSHOT_PORT: whole(0, 65_535).default(4180),
  SESSIONSHOT_PUBLIC_URL: url(/^https?:\/\/[^/]+\/?$/, 'https://shots.example.com, without a path').optional(),
  SESSIONSHOT_TRUSTED_PROXIES: text,
  SESSIONSHOT_DATA_DIR: text,
  SESSIONSHOT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  SESSIONSHOT_KEY_RATE_PER_SECOND: whole(1, 10_000).default(LIMITS.keyRatePerSecond),
  SESSIONSHOT_KEY_RATE_BURST: whole(1, 100_000).default(LIMITS.keyRateBurst),
  SESSIONSHOT_QUEUE_MAX: whole(1, 1_000_000).default(LIMITS.queuedPerWorkspaceMax),
  SESSIONSHOT_LINK_LIFE_MS: whole(LIMITS.linkLifeMsMin, LIMITS.linkLifeMsMax).default(LIMITS.linkLifeMsDefault),
});

/** Whether allowed domains need a proof, and the name servers that are asked; none for the system's. */
export type DomainProofConfig = Readonly<{ isRequired: boolean; nameServers: readonly string[] }>;

/** The server's configuration, read once and frozen. Durations are milliseconds. */
export type ServerConfig = Readonly<{
  databaseUrl: Secret<string>;
  rabbitmqUrl: Secret<string> | null;
  storage: Readonly<{ connectionString: Secret<string> | null; accountUrl: string | null; container: string; publicUrl: string | null }>;
  runnerPublicKeysFile: string;
  secretKeyFile: string | null;
  extraCaFiles: readonly string[];
  oidc: OidcConfig | null;
  domainProof: DomainProofConfig;
  host: string;
  port: number;
  publicUrl: string | null;
  trustedProxies: readonly string[];
  dataDir: string | null;
  logLevel: LogLevel;
  keyRatePerSecond: number;
  keyRateBurst: number;
  queueMax: number;
  linkLifeMs: number;
  /** Where this process ends on purpose; null outside of fault drills. */
  faultPlan: FaultPlan | null;
}>;

/**
 * Reads the configuration of a distributed server from the environment. Throws `ConfigError` with every fault, each
 * with its variable and what to do; values are not quoted, since most are or hold credentials.
 */
export function readServerConfig(env: Record<string, string | undefined> = process.env): ServerConfig {
  const values = parseGiven(envSchema, env);
  const { DATABASE_URL: databaseUrl, SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: keysFile } = values;
  const { oidc, faults: oidcFaults } = readOidc(values);
  const faults = [...crossFaults(values), ...oidcFaults];
  if (faults.length > 0 || databaseUrl === undefined || keysFile === undefined) throw new ConfigError(faults.join('\n'));
  return Object.freeze({
    databaseUrl: secret(databaseUrl),
    rabbitmqUrl: values.RABBITMQ_URL === undefined ? null : secret(values.RABBITMQ_URL),
    storage: Object.freeze({
      connectionString: values.AZURE_STORAGE_CONNECTION_STRING === undefined ? null : secret(values.AZURE_STORAGE_CONNECTION_STRING),
      accountUrl: values.AZURE_STORAGE_ACCOUNT_URL ?? null,
      container: values.SESSIONSHOT_BLOB_CONTAINER,
      publicUrl: values.SESSIONSHOT_BLOB_PUBLIC_URL ?? null,
    }),
    runnerPublicKeysFile: keysFile,
    oidc,
    domainProof: toDomainProof(values),
    secretKeyFile: values.SESSIONSHOT_SECRET_KEY_FILE ?? null,
    extraCaFiles: Object.freeze(
      (values.SESSIONSHOT_EXTRA_CA_FILE ?? '')
        .split(new RegExp(`[,${delimiter}]`))
        .map((file) => file.trim())
        .filter(Boolean),
    ),
    host: values.SESSIONSHOT_HOST,
    port: values.SESSIONSHOT_PORT,
    publicUrl: values.SESSIONSHOT_PUBLIC_URL ?? null,
    trustedProxies: Object.freeze(listOf(values.SESSIONSHOT_TRUSTED_PROXIES ?? '')),
    dataDir: values.SESSIONSHOT_DATA_DIR ?? null,
    logLevel: values.SESSIONSHOT_LOG_LEVEL,
    keyRatePerSecond: values.SESSIONSHOT_KEY_RATE_PER_SECOND,
    keyRateBurst: values.SESSIONSHOT_KEY_RATE_BURST,
    queueMax: values.SESSIONSHOT_QUEUE_MAX,
    linkLifeMs: values.SESSIONSHOT_LINK_LIFE_MS,
    faultPlan: faultPlanOf(env),
  });
}

function faultPlanOf(env: Record<string, string | undefined>): FaultPlan | null {
  try {
    return readFaultPlan(env);
  } catch (error) {
    if (error instanceof FaultPointsRefused) throw new ConfigError(error.message);
    throw error;
  }
}

/** Reads single sign-on alone, for an instance on one machine; null where it is not configured. Throws `ConfigError`. */
export function readOidcConfig(env: Record<string, string | undefined>): OidcConfig | null {
  const { oidc, faults } = readOidc(parseGiven(z.object(oidcEnv), env));
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  return oidc;
}

/** Reads the proof of domains alone, for an instance on one machine. Throws `ConfigError`. */
export function readDomainProofConfig(env: Record<string, string | undefined>): DomainProofConfig {
  return toDomainProof(parseGiven(z.object(proofEnv), env));
}

function toDomainProof(values: {
  SESSIONSHOT_DOMAIN_PROOF: 'off' | 'required';
  SESSIONSHOT_DOMAIN_PROOF_DNS: string[];
}): DomainProofConfig {
  const nameServers = Object.freeze(values.SESSIONSHOT_DOMAIN_PROOF_DNS);
  return Object.freeze({ isRequired: values.SESSIONSHOT_DOMAIN_PROOF === 'required', nameServers });
}

function parseGiven<S extends z.ZodType>(schema: S, env: Record<string, string | undefined>): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`).join('\n'));
  return parsed.data;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

function areNameServers(servers: readonly string[]): boolean {
  try {
    new Resolver().setServers(servers);
    return true;
  } catch {
    return false;
  }
}

/** Reads the runners' public keys. Throws `ConfigError` for a file that is not there or is no JWKS of public keys. */
export function readPublicKeys(file: string): { keys: { kty: string; [member: string]: unknown }[] } {
  const variable = 'SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE';
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${variable} names a file that cannot be read as JSON: make one with \`sessionshot runner keygen --out DIR\`.`, {
      cause: error,
    });
  }
  const parsed = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }).safeParse(content);
  if (!parsed.success) throw new ConfigError(`${variable} names a file that is no JWKS: it must read {"keys":[…]}.`);
  if (parsed.data.keys.some((key) => key.d !== undefined))
    throw new ConfigError(`${variable} names the private half. Give the server the public one; only runners may hold the other.`);
  return parsed.data;
}

/**
 * Reads the server's own keys: 32 random bytes in base64 a line, the newest first. Throws `ConfigError` for a file that is
 * not there or holds anything else.
 */
export function readSecretKeys(file: string): Secret<Uint8Array>[] {
  const remedy = 'make one with `openssl rand -base64 32 > FILE`, readable by the server alone';
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    throw new ConfigError(`SESSIONSHOT_SECRET_KEY_FILE names a file that cannot be read: ${remedy}.`, { cause: error });
  }
  const keys = lines.map((line) => line.trim()).filter(Boolean);
  if (keys.length === 0 || keys.some((key) => !/^[A-Za-z0-9+/]{43}=$/.test(key)))
    throw new ConfigError(`SESSIONSHOT_SECRET_KEY_FILE must hold 32 bytes in base64 on each line: ${remedy}.`);
  return keys.map((key) => secret(new Uint8Array(Buffer.from(key, 'base64'))));
}

/** Reads the private authorities that receivers of webhooks may be signed by, as PEM. Throws `ConfigError` naming the file. */
export function readExtraCas(files: readonly string[]): string[] {
  return files.map((file) => {
    let pem: string;
    try {
      pem = readFileSync(file, 'utf8');
    } catch (error) {
      throw new ConfigError(`SESSIONSHOT_EXTRA_CA_FILE: ${file} cannot be read.`, { cause: error });
    }
    if (/-----BEGIN CERTIFICATE-----/.test(pem)) return pem;
    throw new ConfigError(`SESSIONSHOT_EXTRA_CA_FILE: ${file} holds no PEM certificate.`);
  });
}

function crossFaults(values: z.output<typeof envSchema>): string[] {
  const faults: string[] = [];
  if (values.DATABASE_URL === undefined)
    faults.push('DATABASE_URL is missing: give the URL of a PostgreSQL 15 or newer, such as postgresql://user@host:5432/sessionshot.');
  if (values.SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE === undefined)
    faults.push(
      'SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE is missing: make the keys with `sessionshot runner keygen --out DIR` and name the public file.',
    );
  const ways = [values.AZURE_STORAGE_ACCOUNT_URL, values.AZURE_STORAGE_CONNECTION_STRING].filter((way) => way !== undefined).length;
  if (ways === 0)
    faults.push('AZURE_STORAGE_ACCOUNT_URL (managed identity) or AZURE_STORAGE_CONNECTION_STRING is missing: captures need a blob store.');
  if (ways === 2)
    faults.push(
      'AZURE_STORAGE_ACCOUNT_URL and AZURE_STORAGE_CONNECTION_STRING are both set: keep one, the account URL where managed identity is possible.',
    );
  if ((values.SESSIONSHOT_HOST === '0.0.0.0' || values.SESSIONSHOT_HOST === '::') && values.SESSIONSHOT_PUBLIC_URL === undefined) {
    faults.push('SESSIONSHOT_PUBLIC_URL is missing: a server that listens on every address must know the URL that people open.');
  }
  return faults;
}
