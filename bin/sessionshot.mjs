#!/usr/bin/env node
// The door: it runs on any Node from 18, and starts the program under the Node that the project pins, because older
// ones cannot run TypeScript as it is written. `runner` is a room of its own and is started directly.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const isWindows = process.platform === 'win32';
const pinned = join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
const node = existsSync(pinned) ? pinned : process.execPath;
if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `sessionshot needs Node 24; this is ${process.versions.node}. Run \`npm ci\` in ${root}: it brings the right one.\n`,
  );
  process.exit(69);
}

const args = process.argv.slice(2);
// Changing the keys of a pool needs to know what waits under them, which the server's side counts.
const changesKeys = args[1] === 'keygen' && args.some((arg) => /^--(?:rotate|retire)(?:=|$)/.test(arg));
const isRunner = args[0] === 'runner' && !changesKeys && !['token', 'keys', '--help', '-h'].includes(args[1] ?? '');
const [script, rest] = isRunner ? ['runner/main.ts', args.slice(1)] : ['server/cli/main.ts', args];

const path = join(root, script);

if (realpathSync(node) === realpathSync(process.execPath)) {
  // Already the right Node: no second process, so that a signal or a kill meets the program itself.
  process.argv = [process.execPath, path, ...rest];
  await import(pathToFileURL(path).href);
} else {
  runAsChild();
}

function runAsChild() {
  const child = spawn(node, [path, ...rest], { stdio: 'inherit' });
  // Ctrl-C reaches the child from the terminal itself; what is sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`sessionshot: ${node} cannot be started: ${error.message}\n`);
    process.exit(69);
  });
  child.once('exit', (code, signal) => {
    process.exit(code ?? (signal === 'SIGINT' ? 130 : 137));
  });
}
