import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Connection } from 'rabbitmq-client';
import { brokerUser, makeDefinitions } from '#infra/rabbitmq/make-definitions.ts';
import { findPort } from '#server/embedded/free-port.ts';
import { listens, type ServiceProcess, startProcess, waitUntilReady } from './service-process.ts';

const READY_MS_MAX = 120_000;

/** The same broker as three users see it. */
export type BrokerUrls = { url: string; serverUrl: string; runnerUrl: string; logFile: string };

/** Finds RabbitMQ's own start script. The one on Debian's PATH switches users with `su` and cannot be used as it is. */
export function findRabbitmqServer(): string | null {
  const base = '/usr/lib/rabbitmq/lib';
  const versions = existsSync(base) ? readdirSync(base).filter((name) => name.startsWith('rabbitmq_server-')) : [];
  const scripts = versions.map((name) => join(base, name, 'sbin/rabbitmq-server'));
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '/usr/sbin' && folder !== '/sbin');
  return [...scripts, ...onPath.map((folder) => join(folder, 'rabbitmq-server'))].find((path) => existsSync(path)) ?? null;
}

/**
 * Starts a RabbitMQ node of its own in `folder`: own port mapper, own cookie, own data, everything on loopback, random
 * ports and passwords. Its users `server` and `runner` have exactly the rights that
 * infra/rabbitmq gives them; `tests` may do everything.
 */
export async function startRabbitmq(folder: string, track: (service: ServiceProcess) => void): Promise<BrokerUrls> {
  const script = findRabbitmqServer();
  if (script === null) throw new Error('RabbitMQ is not installed: `npm test` installs it or says how');
  const [port, distPort, epmdPort] = [await findPort(), await findPort(), await findPort()];
  const passwords = { tests: newPassword(), server: newPassword(), runner: newPassword() };
  writeFileSync(join(folder, 'definitions.json'), definitions(passwords), { mode: 0o600 });
  writeFileSync(join(folder, 'rabbitmq.conf'), configuration(port, join(folder, 'definitions.json')));
  writeFileSync(join(folder, 'enabled_plugins'), '[].\n');
  const env = {
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `sessionshot-tests-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    // Makes the script replace itself by the node, so that the pid we know is the node's.
    RUNNING_UNDER_SYSTEMD: '1',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2',
  };
  // The node would start a port mapper that outlives it; started first and by us, its pid is known and it can be ended.
  const epmd = startProcess('epmd', 'epmd', ['-address', '127.0.0.1', '-port', String(epmdPort)], { env });
  track(epmd);
  await waitUntilReady(epmd, () => listens(epmdPort), 20_000);
  const logFile = join(folder, 'service.log');
  const node = startProcess('RabbitMQ', script, [], { env, cwd: folder, logFile });
  track(node);
  const urlOf = (user: keyof typeof passwords) => `amqp://${user}:${passwords[user]}@127.0.0.1:${port}`;
  const url = urlOf('tests');
  await waitUntilReady(node, async () => (await listens(port)) && (await logsIn(url)), READY_MS_MAX);
  return { url, serverUrl: urlOf('server'), runnerUrl: urlOf('runner'), logFile };
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

function definitions(passwords: { tests: string; server: string; runner: string }): string {
  const made = JSON.parse(makeDefinitions(passwords));
  made.users.push(brokerUser('tests', passwords.tests, ['administrator']));
  made.permissions.push({ user: 'tests', vhost: '/', configure: '.*', write: '.*', read: '.*' });
  return JSON.stringify(made);
}

function configuration(port: number, definitionsFile: string): string {
  return [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    `load_definitions = ${definitionsFile}`,
    'disk_free_limit.absolute = 50MB',
    'log.console = true',
    // Refusals are errors: infra/rabbitmq logs more, never less.
    'log.console.level = warning',
    'log.file = false',
    '',
  ].join('\n');
}

/** The port is open before the node has made its users: only a log-in shows that it is ready. */
async function logsIn(url: string): Promise<boolean> {
  const connection = new Connection({ url, retryLow: 100, connectionTimeout: 2000, acquireTimeout: 2000 });
  connection.on('error', () => undefined); // refused while it starts: the caller asks again
  try {
    const channel = await connection.acquire();
    await channel.close();
    return true;
  } catch {
    return false; // the same
  } finally {
    await connection.close();
  }
}
