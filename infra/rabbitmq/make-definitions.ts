import { createHash, randomBytes } from 'node:crypto';
import { WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';

/**
 * Prints RabbitMQ's definitions: two users with their rights, passwords as salted hashes. The server declares and
 * publishes; a runner may read the one queue and can neither declare, publish nor bind: taken over, it learns
 * job ids, and can at worst empty the queue: the server rings again for what nobody claims.
 */
export function makeDefinitions(passwords: { server: string; runner: string }): string {
  const escaped = WAKE_UP_QUEUE.replaceAll('.', '\\.');
  return JSON.stringify(
    {
      vhosts: [{ name: '/' }],
      users: [brokerUser('server', passwords.server), brokerUser('runner', passwords.runner)],
      permissions: [
        // `amq.default` is how the broker names the exchange that delivers straight to a queue.
        { user: 'server', vhost: '/', configure: '^sessionshot\\.', write: '^(sessionshot\\.|amq\\.default$)', read: '^sessionshot\\.' },
        { user: 'runner', vhost: '/', configure: '^$', write: '^$', read: `^${escaped}$` },
      ],
    },
    null,
    2,
  );
}

/** One user as definitions name it. Without a tag it can speak AMQP and nothing else. */
export function brokerUser(name: string, password: string, tags: readonly string[] = []) {
  return { name, password_hash: hashPassword(password, randomBytes(4)), hashing_algorithm: 'rabbit_password_hashing_sha256', tags };
}

/** RabbitMQ's own form: base64 of a 4-byte salt and the SHA-256 of salt and password. */
function hashPassword(password: string, salt: Buffer): string {
  const digest = createHash('sha256')
    .update(Buffer.concat([salt, Buffer.from(password, 'utf8')]))
    .digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

if (import.meta.main) {
  const { RABBITMQ_SERVER_PASSWORD: server, RABBITMQ_RUNNER_PASSWORD: runner } = process.env;
  if (!server || !runner) {
    process.stderr.write('Set RABBITMQ_SERVER_PASSWORD and RABBITMQ_RUNNER_PASSWORD.\n');
    process.exit(78);
  }
  process.stdout.write(`${makeDefinitions({ server, runner })}\n`);
}
