import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCompose } from './check-compose.ts';
import { checkDockerfile } from './check-dockerfile.ts';
import { COMPOSE_FILE, checkInfra, runComposeConfig, WALL_FILE } from './check-infra.ts';
import { checkWallFile } from './check-wall-file.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMPOSE = readFileSync(join(ROOT, COMPOSE_FILE), 'utf8');
const SERVER = readFileSync(join(ROOT, 'infra/server.Dockerfile'), 'utf8');

/** A change that breaks one rule. `from` must be there, or the test would prove nothing. */
type Break = { rule: string; what: string; from: string | RegExp; to: string };

const BROKEN_COMPOSE: readonly Break[] = [
  {
    rule: 'healthcheck',
    what: 'a service without a health check',
    from: /\n {4}healthcheck: \{ test: \['CMD', 'node', '--version'\] \}/,
    to: '',
  },
  { rule: 'user', what: 'root', from: "user: '999:999'", to: "user: '0:0'" },
  { rule: 'user', what: 'a user by name', from: "user: '999:999'", to: 'user: postgres' },
  { rule: 'image', what: 'a moving tag', from: 'postgres:18.6-bookworm', to: 'postgres:18' },
  { rule: 'image', what: 'the newest image', from: 'rabbitmq:4.3.5-alpine', to: 'rabbitmq:latest' },
  {
    rule: 'secret',
    what: 'a password in the file',
    from: 'POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?run infra/make-env.sh}',
    to: 'POSTGRES_PASSWORD: hunter2',
  },
  {
    rule: 'secret',
    what: 'a default password',
    from: 'POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?run infra/make-env.sh}',
    to: 'POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-hunter2}',
  },
  {
    rule: 'secret',
    what: 'a password inside a URL',
    from: 'amqp://server:${RABBITMQ_SERVER_PASSWORD:?run infra/make-env.sh}@',
    to: 'amqp://server:hunter2@',
  },
  { rule: 'read-only', what: 'a root file system that can be written', from: 'read_only: true', to: 'read_only: false' },
  { rule: 'capabilities', what: 'capabilities kept', from: 'cap_drop: [ALL]', to: 'cap_drop: [NET_RAW]' },
  { rule: 'privileges', what: 'new privileges', from: "security_opt: ['no-new-privileges:true']\n  pids", to: 'security_opt: []\n  pids' },
  { rule: 'init', what: 'no init', from: 'init: true', to: 'init: false' },
  { rule: 'core-dumps', what: 'core dumps', from: '  ulimits: { core: 0 }\n', to: '' },
  { rule: 'pids', what: 'no bound on processes', from: '  pids_limit: 512\n', to: '' },
  { rule: 'ports', what: 'a port open to the network', from: "'127.0.0.1:4180:4180'", to: "'4180:4180'" },
  { rule: 'network', what: 'an undefined network', from: 'networks: [broker]', to: 'networks: [brokers]' },
  { rule: 'network', what: 'the default network', from: '    networks: [broker]\n', to: '' },
  { rule: 'volume', what: 'an undefined volume', from: 'postgres-data:/var', to: 'postgres-date:/var' },
  { rule: 'volume', what: 'a volume that nobody uses', from: '  blob-data: {}', to: '  blob-data: {}\n  left-over: {}' },
  {
    rule: 'depends',
    what: 'an undefined service',
    from: 'migrate: { condition: service_completed_successfully }\n    healthcheck',
    to: 'migration: { condition: service_completed_successfully }\n    healthcheck',
  },
  { rule: 'build', what: 'a Dockerfile that is not there', from: 'infra/runner.Dockerfile', to: 'infra/runners.Dockerfile' },
  {
    rule: 'runner',
    what: 'a runner beside the database',
    from: 'networks: [control, broker, storage, egress]',
    to: 'networks: [control, broker, storage, egress, data]',
  },
  {
    rule: 'runner',
    what: 'a runner with the database’s address',
    from: '  SESSIONSHOT_SERVER_URL:',
    to: '  DATABASE_URL: ${X:?y}\n  SESSIONSHOT_SERVER_URL:',
  },
  {
    rule: 'private-key',
    what: 'a server with the private key of the pool',
    from: "['runner-public-key:/keys/public:ro', 'server",
    to: "['runner-public-key:/keys/public:ro', 'runner-private-key:/keys/private:ro', 'server",
  },
  { rule: 'runner', what: 'a runner without a seccomp profile', from: ", 'seccomp:infra/seccomp-chromium.json'", to: '' },
  { rule: 'runner', what: 'a runner that is killed too early', from: 'stop_grace_period: 90s', to: 'stop_grace_period: 10s' },
];

const BROKEN_DOCKERFILES: readonly Break[] = [
  { rule: 'instruction', what: 'an unknown instruction', from: 'EXPOSE 4180', to: 'EXPOSES 4180' },
  { rule: 'instruction', what: 'ADD', from: 'COPY client client', to: 'ADD client client' },
  { rule: 'base', what: 'a moving base image', from: /FROM node:24\.21\.0-bookworm-slim\n/, to: 'FROM node:24-bookworm-slim\n' },
  {
    rule: 'base',
    what: 'another Node than the pinned one',
    from: /FROM node:24\.21\.0-bookworm-slim\n/,
    to: 'FROM node:24.1.0-bookworm-slim\n',
  },
  { rule: 'copy', what: 'a stage that is not there', from: '--from=console', to: '--from=consoles' },
  { rule: 'copy', what: 'a file that is not there', from: 'COPY client client', to: 'COPY clients clients' },
  { rule: 'copy', what: 'a file that the builder is not sent', from: 'COPY client client', to: 'COPY README.md README.md' },
  { rule: 'secret', what: 'a baked secret', from: 'ENV NODE_ENV=production', to: 'ENV API_TOKEN=x' },
  { rule: 'npm', what: 'npm install', from: 'npm ci --omit=dev', to: 'npm install --omit=dev' },
  { rule: 'npm', what: 'test tools in the image', from: 'npm ci --omit=dev', to: 'npm ci' },
  { rule: 'user', what: 'root', from: 'USER 10001:10001', to: 'USER root' },
  { rule: 'healthcheck', what: 'no health check', from: /HEALTHCHECK[^\n]*\n[^\n]*\n/, to: '' },
  {
    rule: 'command',
    what: 'a shell around the program',
    from: 'CMD ["node", "server/cli/main.ts", "server"]',
    to: 'CMD node server/cli/main.ts server',
  },
];

const rulesOf = (faults: readonly string[]) => [...new Set(faults.map((fault) => fault.split(':')[0]))];
function broken(text: string, { from, to }: Break): string {
  const changed = text.replace(from, () => to);
  expect(changed).not.toBe(text);
  return changed;
}

test('the compose file and every Dockerfile keep the rules, and docker-compose reads them', async () => {
  expect(await checkInfra(ROOT)).toEqual({ faults: [], notes: [] });
});

test.each(BROKEN_COMPOSE)('compose: $what breaks the rule "$rule"', (change) => {
  expect(rulesOf(checkCompose(broken(COMPOSE, change), ROOT))).toEqual([change.rule]);
});

test.each(BROKEN_DOCKERFILES)('Dockerfile: $what breaks the rule "$rule"', (change) => {
  expect(rulesOf(checkDockerfile(broken(SERVER, change), ROOT))).toEqual([change.rule]);
});

test.each([
  ['more rights', 'KILL, NET_ADMIN', 'KILL, SYS_ADMIN, NET_ADMIN'],
  ['another service', '  runner-2:', '  server: { user: "0:0" }\n  runner-2:'],
  ['a runner that keeps its rights', "'sh', 'infra/run-behind-wall.sh', ", ''],
  ['more than the wall is for', "user: '0:0'", "user: '0:0'\n  privileged: true"],
])('the file of the second wall: %s is refused', (_, from, to) => {
  const text = readFileSync(join(ROOT, WALL_FILE), 'utf8');
  expect(text).toContain(from);
  expect(checkWallFile(text)).toEqual([]);
  expect(checkWallFile(text.replace(from, to)).length).toBeGreaterThan(0);
});

test('a seccomp profile that allows mounts, or lacks what the sandbox needs, is refused', () => {
  const root = mkdtempSync(join(tmpdir(), 'infra-'));
  try {
    cpSync(join(ROOT, 'infra'), join(root, 'infra'), { recursive: true });
    const path = join(root, 'infra/seccomp-chromium.json');
    const profile = readFileSync(path, 'utf8');
    writeFileSync(path, profile.replace('"accept4"', '"mount"').replace('"unshare"', '"uname"'));
    expect(checkCompose(COMPOSE, root)).toEqual(
      ['runner-1', 'runner-2'].flatMap((name) => [
        `runner: its sandbox needs unshare (${name})`,
        `runner: its profile allows mount (${name})`,
      ]),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('docker-compose refuses a file with an unknown key, and one whose secrets are not given', async () => {
  const root = mkdtempSync(join(tmpdir(), 'infra-'));
  try {
    cpSync(join(ROOT, 'infra'), join(root, 'infra'), { recursive: true });
    writeFileSync(join(root, COMPOSE_FILE), COMPOSE.replace('  postgres:\n', '  postgres:\n    healthchecks: {}\n'));
    expect(await runComposeConfig(root, COMPOSE_FILE)).toContain('healthchecks');
    const without = () =>
      execFileSync('docker-compose', ['config', '-q'], {
        cwd: ROOT,
        env: { PATH: process.env.PATH, COMPOSE_FILE },
        stdio: 'pipe',
        timeout: 30_000,
      });
    expect(without).toThrow('infra/make-env.sh');
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('make-env.sh prints every secret the compose file asks for, new ones each time', () => {
  const print = () => execFileSync('sh', [join(ROOT, 'infra/make-env.sh')], { encoding: 'utf8', timeout: 10_000 });
  const names = print()
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  const asked = [...new Set([...COMPOSE.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1]))];
  expect(names.sort()).toEqual(asked.sort());
  expect(print()).not.toBe(print());
});
