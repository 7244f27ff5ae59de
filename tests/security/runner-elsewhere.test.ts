import pg from 'pg';
import { Connection } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRabbitJobQueue } from '#server/adapters/rabbit-job-queue.ts';
import { fingerprintOf } from '#server/embedded/access-log.ts';
import { makeId } from '#shared/ids.ts';
import { DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE, WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { createFakeRunner } from '../api/fake-runner.ts';
import { serviceAddress } from '../services/service-address.ts';
import { openServiceLog } from '../services/service-log.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';

/**
 * Row 5 of the security model at the doors that are not the server's: somebody has taken over a runner and tries at the
 * storage, the broker and the database what it has no business with. Each is refused, and stands in that program's own log
 * with who tried, and no secret beside it.
 */
let bed: AccessBed;
beforeAll(async () => {
  bed = await createAccessBed();
});
afterAll(() => bed?.close());

/** A text as a pattern that means nothing but itself. */
const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

describe('the upload grant', () => {
  test('writes its one blob once, and neither lists, reads, overwrites, deletes nor names another', async () => {
    const runner = createFakeRunner(bed.api);
    const { capture: other } = await bed.first.makeSubject();
    await runner.complete(await runner.claimOf(other));
    const { capture } = await bed.first.makeSubject();
    const { upload } = await runner.claimOf(capture);
    const grant = new URL(upload.url);
    expect((await put(upload.url, upload.headers, 'mine')).status).toBe(201);
    const before = await blobs();
    const [foreign] = before.filter(({ name }) => name.includes(other));
    if (!foreign) throw new Error('the other capture has no blob');

    const [, account, container] = grant.pathname.split('/');
    const at = (path: string, query: Record<string, string> = {}) => {
      const url = new URL(grant);
      url.pathname = path;
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      return url.href;
    };
    const own = grant.pathname;
    const others = `/${account}/${container}/${foreign.name}`;
    const { 'if-none-match': _condition, ...unconditional } = upload.headers;
    const attempts: [string, string, RequestInit][] = [
      ['overwrite', upload.url, { method: 'PUT', headers: upload.headers, body: 'x' }],
      ['overwrite, without the condition', upload.url, { method: 'PUT', headers: unconditional, body: 'x' }],
      ['read its own', upload.url, {}],
      ['look at its own', upload.url, { method: 'HEAD' }],
      ['delete its own', upload.url, { method: 'DELETE' }],
      ['stage a block of its own', at(own, { comp: 'block', blockid: 'MDAwMQ==' }), { method: 'PUT', body: 'x' }],
      ['change its metadata', at(own, { comp: 'metadata' }), { method: 'PUT', headers: { 'x-ms-meta-a': 'b' } }],
      ['read another', at(others), {}],
      ['overwrite another', at(others), { method: 'PUT', headers: unconditional, body: 'x' }],
      ['delete another', at(others), { method: 'DELETE' }],
      ['write another name', at(own.replace(/\/1\.png$/, '/2.png')), { method: 'PUT', headers: upload.headers, body: 'x' }],
      [
        'write into another workspace',
        at(own.replace(/ws_\w+/, bed.second.workspaceId)),
        { method: 'PUT', headers: upload.headers, body: 'x' },
      ],
      ['list the container', at(`/${account}/${container}`, { restype: 'container', comp: 'list' }), {}],
      ['delete the container', at(`/${account}/${container}`, { restype: 'container' }), { method: 'DELETE' }],
      ['list the containers', at(`/${account}`, { comp: 'list' }), {}],
      ['widen the grant', at(own, { sp: 'racwdl' }), {}],
      ['lengthen the grant', at(own, { se: '2099-01-01T00:00:00Z' }), { method: 'PUT', headers: unconditional, body: 'x' }],
      ['read without a grant', `${grant.origin}${others}`, {}],
    ];
    const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_BLOB_LOG_FILE'));
    const lines: RegExp[] = [];
    for (const [what, url, init] of attempts) {
      const { status } = await fetch(url, init);
      expect([what, status >= 400 && status < 500, status]).toEqual([what, true, status]);
      lines.push(lineOf(url, init.method ?? 'GET', status));
    }
    expect(await blobs()).toEqual(before);
    const logged = await log.waitFor(lines);
    const signature = grant.searchParams.get('sig') ?? '';
    for (const spelled of [signature, encodeURIComponent(signature)]) expect(logged).not.toContain(spelled);
  });
});

describe('the broker user', () => {
  const open: Connection[] = [];
  afterEach(() => {
    for (const connection of open.splice(0)) connection.unsafeDestroy();
  });
  const connect = (url = serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL')) => {
    const connection = new Connection({ url, retryLow: 100, acquireTimeout: 5000 });
    connection.on('error', () => undefined); // what is refused reaches the call that was refused
    open.push(connection);
    return connection;
  };

  test('hears one queue, and neither publishes, declares, binds, deletes nor reads another', async () => {
    // The topology as the server makes it.
    const queue = createRabbitJobQueue(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_SERVER_URL'), bed.api.app.deps.log);
    await queue.announce({ jobId: makeId('job'), attempt: 1 });
    await queue.close();
    const runner = connect();
    const publish = (exchange: string, routingKey: string) =>
      runner.createPublisher({ confirm: true }).send({ exchange, routingKey }, { jobId: 'x' });
    const attempts: [operation: string, at: string, () => Promise<unknown>][] = [
      ['basic.publish', "exchange 'amq.default'", () => publish('', WAKE_UP_QUEUE)],
      ['basic.publish', `exchange '${DEAD_LETTER_EXCHANGE}'`, () => publish(DEAD_LETTER_EXCHANGE, WAKE_UP_QUEUE)],
      ['basic.publish', "exchange 'amq.topic'", () => publish('amq.topic', 'anything')],
      ['queue.declare', "queue 'sessionshot.mine'", () => runner.queueDeclare({ queue: 'sessionshot.mine' })],
      ['exchange.declare', "exchange 'sessionshot.mine'", () => runner.exchangeDeclare({ exchange: 'sessionshot.mine', type: 'topic' })],
      ['queue.bind', `queue '${WAKE_UP_QUEUE}'`, () => runner.queueBind({ queue: WAKE_UP_QUEUE, exchange: 'amq.topic', routingKey: '#' })],
      ['queue.delete', `queue '${WAKE_UP_QUEUE}'`, () => runner.queueDelete({ queue: WAKE_UP_QUEUE })],
      ['exchange.delete', `exchange '${DEAD_LETTER_EXCHANGE}'`, () => runner.exchangeDelete({ exchange: DEAD_LETTER_EXCHANGE })],
      ['basic.get', `queue '${DEAD_LETTER_QUEUE}'`, () => runner.basicGet({ queue: DEAD_LETTER_QUEUE })],
      ['queue.purge', `queue '${DEAD_LETTER_QUEUE}'`, () => runner.queuePurge({ queue: DEAD_LETTER_QUEUE })],
      ['queue.delete', `queue '${DEAD_LETTER_QUEUE}'`, () => runner.queueDelete({ queue: DEAD_LETTER_QUEUE })],
    ];
    const { password } = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'));
    for (const [operation, at, attempt] of attempts) {
      const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_LOG_FILE'));
      const end = await attempt().then(
        () => 'done',
        (error: unknown) => String(error),
      );
      expect([operation, at, end]).toEqual([operation, at, expect.stringContaining('ACCESS_REFUSED')]);
      const logged = await log.waitFor([
        new RegExp(
          `${literally(operation)} caused a channel exception access_refused: access to ${literally(at)}.* refused for user 'runner'`,
        ),
        /\(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, .*user: 'runner'\)/,
      ]);
      expect(logged).not.toContain(password);
    }
  });

  test('is let in by its own password alone, and whoever comes with another is in the log', async () => {
    const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_LOG_FILE'));
    for (const user of ['server', 'runner', 'guest']) {
      const url = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'));
      [url.username, url.password] = [user, bed.api.runnerToken];
      await expect(connect(url.href).acquire()).rejects.toThrow();
    }
    const logged = await log.waitFor(['server', 'runner', 'guest'].map((user) => new RegExp(`login refused: user '${user}'`)));
    expect(logged).not.toContain(bed.api.runnerToken);
  });
});

test('the port of the database lets a runner in by nothing that it holds, and its log has each attempt', async () => {
  const { hostname, port, username } = new URL(serviceAddress('SESSIONSHOT_TEST_DATABASE_URL'));
  const { password: ofBroker } = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'));
  const held = [bed.api.runnerToken, ofBroker];
  // Names that nobody else uses, so that a line is this attempt's; and the owner's, whom a thief would try first.
  for (const user of [username, `runner_${bed.unique()}`])
    for (const password of held) {
      const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_DATABASE_LOG_FILE'));
      const client = new pg.Client({
        host: hostname,
        port: Number(port),
        user,
        password,
        database: 'postgres',
        connectionTimeoutMillis: 5000,
      });
      client.on('error', () => undefined); // what is refused reaches the call
      await expect(client.connect()).rejects.toThrow('password authentication failed');
      const logged = await log.waitFor([
        new RegExp(`${user}@postgres from 127\\.0\\.0\\.1 FATAL: +password authentication failed for user "${user}"`),
      ]);
      for (const secret of held) expect(logged).not.toContain(secret);
    }
});

/** The line of the access log: what was tried, by which grant, with which end. */
function lineOf(address: string, method: string, status: number): RegExp {
  const { pathname, searchParams } = new URL(address);
  const signature = searchParams.get('sig');
  const by = signature === null ? '' : `by=${fingerprintOf(signature)}`;
  return new RegExp(`"${method} ${literally(pathname)}[^" ]*${by}[^" ]* HTTP/1\\.1" ${status} `);
}

async function put(url: string, headers: Record<string, string>, body: string): Promise<Response> {
  return await fetch(url, { method: 'PUT', headers, body });
}

async function blobs(): Promise<{ name: string; bytes: number }[]> {
  const found: { name: string; bytes: number }[] = [];
  for await (const { name, bytes } of bed.api.app.deps.blobs.list('')) found.push({ name, bytes });
  return found;
}
