import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

// One run inside a network namespace: what each user gets to, told by who listens there. Prints it as JSON.
const [inside = '0', outside = '0', ...uids] = process.argv.slice(2);
const heard = new Set<string>();

/** What a process tries as another user: `tcp|udp host port`. Ends by itself, whatever it was answered. */
const TRY = `
  const [kind, host, port, word] = process.argv.slice(1);
  if (kind === 'tcp') {
    const socket = require('node:net').connect({ host, port: Number(port), timeout: 3000 }, () => socket.end(word));
    socket.on('error', () => process.exit()).on('timeout', () => process.exit());
  } else {
    const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.send(word, Number(port), host, () => socket.close());
  }`;
const PLACES: readonly [name: string, kind: 'tcp' | 'udp', host: string, port: string][] = [
  ['a proxy', 'tcp', '127.0.0.1', inside],
  ['another port of loopback', 'tcp', '127.0.0.1', outside],
  ['the port of a proxy at another address of loopback', 'tcp', '127.0.0.2', inside],
  ['the port of a proxy at IPv6 loopback', 'tcp', '::1', inside],
  ['the machine by its own address', 'tcp', '10.77.0.1', inside],
  ['the port of a proxy by UDP', 'udp', '127.0.0.1', inside],
  ['another port by UDP', 'udp', '127.0.0.1', outside],
];

for (const port of [inside, outside]) {
  const tcp = createServer((socket) => socket.on('data', (word) => heard.add(String(word))).on('error', () => undefined));
  tcp.listen({ port: Number(port), host: '::', ipv6Only: false });
  const udp = createSocket({ type: 'udp6', ipv6Only: false }, (word) => heard.add(String(word)));
  udp.bind(Number(port), '::');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
}
const reached: Record<string, string[]> = {};
for (const uid of uids) {
  const words = PLACES.map(([name]) => `${uid} ${name}`);
  await Promise.all(PLACES.map(([, kind, host, port], index) => tryAs(uid, [kind, host, port, words[index] ?? ''])));
  await wait(300); // what is on its way
  reached[uid] = PLACES.flatMap(([name], index) => (heard.has(words[index] ?? '') ? [name] : []));
}
process.stdout.write(`${JSON.stringify(reached)}\n`);
process.exit();

async function tryAs(uid: string, args: readonly string[]): Promise<void> {
  const user = ['--reuid', uid, '--regid', uid, '--clear-groups', '--no-new-privs'];
  const child = spawn('setpriv', [...user, '--', process.execPath, '-e', TRY, ...args], { stdio: 'inherit', timeout: 20_000, cwd: '/' });
  await once(child, 'close');
}
