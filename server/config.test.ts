import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import {
  ConfigError,
  readDomainProofConfig,
  readExtraCas,
  readOidcConfig,
  readPublicKeys,
  readSecretKeys,
  readServerConfig,
} from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sessionshot-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = {
  DATABASE_URL: 'postgresql://app:canary-password@db:5432/sessionshot',
  AZURE_STORAGE_ACCOUNT_URL: 'https://account.blob.core.windows.net',
  SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: '/run/keys/public.json',
};

test('the least that is needed is enough; the rest has defaults; the result is frozen', () => {
  const config = readServerConfig({ ...GOOD, RABBITMQ_URL: '' });
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 4180,
    publicUrl: null,
    rabbitmqUrl: null,
    keyRatePerSecond: 10,
    keyRateBurst: 50,
    linkLifeMs: 900_000,
    domainProof: { isRequired: false, nameServers: [] },
    storage: { container: 'captures' },
  });
  expect(Object.isFrozen(config) && Object.isFrozen(config.storage)).toBe(true);
});

test('a configuration that is printed shows no credential', () => {
  const config = readServerConfig({ ...GOOD, RABBITMQ_URL: 'amqp://app:canary-password@mq:5672' });
  expect(inspect(config, { depth: 10 }) + JSON.stringify(config)).not.toContain('canary');
});

test.each<[string, Record<string, string | undefined>]>([
  ['DATABASE_URL', { DATABASE_URL: undefined }],
  ['DATABASE_URL', { DATABASE_URL: 'mysql://canary' }],
  ['RABBITMQ_URL', { RABBITMQ_URL: 'http://canary' }],
  ['AZURE_STORAGE_ACCOUNT_URL', { AZURE_STORAGE_ACCOUNT_URL: undefined }],
  ['AZURE_STORAGE_ACCOUNT_URL', { AZURE_STORAGE_ACCOUNT_URL: 'http://canary' }],
  ['AZURE_STORAGE_CONNECTION_STRING', { AZURE_STORAGE_CONNECTION_STRING: 'AccountKey=canary' }],
  ['SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE', { SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: '' }],
  ['SESSIONSHOT_PORT', { SESSIONSHOT_PORT: '70000' }],
  ['SESSIONSHOT_PORT', { SESSIONSHOT_PORT: '4180x' }],
  ['SESSIONSHOT_PUBLIC_URL', { SESSIONSHOT_PUBLIC_URL: 'shots.example.com' }],
  ['SESSIONSHOT_PUBLIC_URL', { SESSIONSHOT_PUBLIC_URL: 'https://shots.example.com/path' }],
  ['SESSIONSHOT_PUBLIC_URL', { SESSIONSHOT_HOST: '0.0.0.0' }],
  ['SESSIONSHOT_BLOB_CONTAINER', { SESSIONSHOT_BLOB_CONTAINER: 'Captures' }],
  ['SESSIONSHOT_LOG_LEVEL', { SESSIONSHOT_LOG_LEVEL: 'loud' }],
  ['SESSIONSHOT_FAULT_POINTS', { SESSIONSHOT_FAULT_POINTS: 'after_commit=kill', NODE_ENV: 'production' }],
  ['SESSIONSHOT_FAULT_POINTS', { SESSIONSHOT_FAULT_POINTS: 'after_commit=kill' }],
  ['SESSIONSHOT_LINK_LIFE_MS', { SESSIONSHOT_LINK_LIFE_MS: '59999' }],
  ['SESSIONSHOT_DOMAIN_PROOF', { SESSIONSHOT_DOMAIN_PROOF: 'on' }],
  ['SESSIONSHOT_DOMAIN_PROOF_DNS', { SESSIONSHOT_DOMAIN_PROOF_DNS: '10.0.0.53,canary.example.com' }],
  ['SESSIONSHOT_DOMAIN_PROOF_DNS', { SESSIONSHOT_DOMAIN_PROOF_DNS: '10.0.0.53:canary' }],
])('a fault in %s is named without its value: %j', (variable, change) => {
  const read = () => readServerConfig({ ...GOOD, ...change });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(variable);
  expect(read).not.toThrow('canary');
});

test('domains are proved where that is required, by the name servers that are given', () => {
  const env = { SESSIONSHOT_DOMAIN_PROOF: 'required', SESSIONSHOT_DOMAIN_PROOF_DNS: '10.0.0.53, [2001:db8::53]:5353' };
  const expected = { isRequired: true, nameServers: ['10.0.0.53', '[2001:db8::53]:5353'] };
  expect(readServerConfig({ ...GOOD, ...env }).domainProof).toEqual(expected);
  expect(readDomainProofConfig(env)).toEqual(expected);
  expect(() => readDomainProofConfig({ SESSIONSHOT_DOMAIN_PROOF: 'yes' })).toThrow(ConfigError);
});

test('every fault is told at once', () => {
  expect(() => readServerConfig({})).toThrow(/DATABASE_URL[\s\S]*SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE[\s\S]*AZURE_STORAGE/);
});

test('a key file must hold public keys, and only those', () => {
  const file = (content: string) => {
    const path = join(folder, 'keys.json');
    writeFileSync(path, content);
    return path;
  };
  expect(readPublicKeys(file('{"keys":[{"kty":"OKP","crv":"X25519","x":"abc"}]}')).keys).toHaveLength(1);
  for (const bad of ['', '{}', '{"keys":[]}', '{"keys":[{"kty":"OKP","crv":"X25519","x":"abc","d":"canary"}]}']) {
    expect(() => readPublicKeys(file(bad))).toThrow('SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE');
    expect(() => readPublicKeys(file(bad))).not.toThrow('canary');
  }
  expect(() => readPublicKeys(join(folder, 'gone.json'))).toThrow(ConfigError);
});

test('the server’s own keys are 32 bytes in base64 a line, the newest first', () => {
  const file = (content: string) => {
    const path = join(folder, 'server.key');
    writeFileSync(path, content);
    return path;
  };
  const [young, old] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
  const keys = readSecretKeys(file(`${young}\n\n  ${old}\n`));
  expect(keys.map((key) => key.reveal()[0])).toEqual([1, 2]);
  expect(inspect(keys)).not.toContain('1, 1');
  for (const bad of ['', '\n', 'canary', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), `${young} ${old}`]) {
    expect(() => readSecretKeys(file(bad))).toThrow('SESSIONSHOT_SECRET_KEY_FILE');
    expect(() => readSecretKeys(file(bad))).not.toThrow('canary');
  }
  expect(() => readSecretKeys(join(folder, 'gone.key'))).toThrow(ConfigError);
});

test('private authorities of receivers come from files that hold certificates', () => {
  const config = readServerConfig({ ...GOOD, SESSIONSHOT_EXTRA_CA_FILE: '/a.pem, /b.pem:/c.pem' });
  expect(config.extraCaFiles).toEqual(['/a.pem', '/b.pem', '/c.pem']);
  const [ca, other] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
  writeFileSync(ca, '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n');
  writeFileSync(other, 'canary');
  expect(readExtraCas([ca])).toEqual([expect.stringContaining('MA==')]);
  expect(() => readExtraCas([ca, other])).toThrow(`SESSIONSHOT_EXTRA_CA_FILE: ${other}`);
  expect(() => readExtraCas([join(folder, 'gone.pem')])).toThrow(ConfigError);
});

const OIDC = {
  SESSIONSHOT_OIDC_ISSUER: 'https://login.example.com/tenant',
  SESSIONSHOT_OIDC_CLIENT_ID: 'shots',
  SESSIONSHOT_OIDC_CLIENT_SECRET: 'canary-secret',
};

test('single sign-on is off unless an issuer is named, and only who is invited comes in unless it is said', () => {
  expect(readServerConfig(GOOD).oidc).toBeNull();
  expect(readServerConfig({ ...GOOD, ...OIDC }).oidc).toMatchObject({
    issuer: 'https://login.example.com/tenant',
    name: 'single sign-on',
    scopes: 'openid email profile',
    emailDomains: null,
    newcomers: 'invited',
  });
  const more = { SESSIONSHOT_OIDC_EMAIL_DOMAINS: 'Example.com, example.org', SESSIONSHOT_OIDC_NEWCOMERS: 'viewer' };
  expect(readOidcConfig({ ...OIDC, ...more })).toMatchObject({ emailDomains: ['example.com', 'example.org'], newcomers: 'viewer' });
  expect(readOidcConfig({ ...OIDC, ...more, SESSIONSHOT_OIDC_EMAIL_DOMAINS: '*' })).toMatchObject({ emailDomains: null });
  expect(readOidcConfig({ ...OIDC, SESSIONSHOT_OIDC_ISSUER: 'http://127.0.0.1:9000' })).toMatchObject({ newcomers: 'invited' });
  expect(inspect(readServerConfig({ ...GOOD, ...OIDC }), { depth: 10 })).not.toContain('canary');
});

test.each<[string, Record<string, string | undefined>]>([
  ['SESSIONSHOT_OIDC_ISSUER', { SESSIONSHOT_OIDC_ISSUER: undefined }],
  ['SESSIONSHOT_OIDC_ISSUER', { SESSIONSHOT_OIDC_ISSUER: 'http://login.example.com' }],
  ['SESSIONSHOT_OIDC_ISSUER', { SESSIONSHOT_OIDC_ISSUER: 'https://login.example.com/?tenant=1' }],
  ['SESSIONSHOT_OIDC_ISSUER', { SESSIONSHOT_OIDC_ISSUER: 'login.example.com' }],
  ['SESSIONSHOT_OIDC_CLIENT_ID', { SESSIONSHOT_OIDC_CLIENT_ID: '' }],
  ['SESSIONSHOT_OIDC_SCOPES', { SESSIONSHOT_OIDC_SCOPES: 'email' }],
  ['SESSIONSHOT_OIDC_EMAIL_DOMAINS', { SESSIONSHOT_OIDC_EMAIL_DOMAINS: 'kim@example.com' }],
  ['SESSIONSHOT_OIDC_EMAIL_DOMAINS', { SESSIONSHOT_OIDC_NEWCOMERS: 'viewer' }],
  ['SESSIONSHOT_OIDC_NEWCOMERS', { SESSIONSHOT_OIDC_NEWCOMERS: 'owner', SESSIONSHOT_OIDC_EMAIL_DOMAINS: '*' }],
])('a fault of single sign-on in %s is named: %j', (variable, change) => {
  for (const read of [() => readServerConfig({ ...GOOD, ...OIDC, ...change }), () => readOidcConfig({ ...OIDC, ...change })]) {
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(variable);
    expect(read).not.toThrow('canary');
  }
});
