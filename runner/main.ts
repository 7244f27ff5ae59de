// Stays first: what follows imports Playwright, which reads the environment as it is loaded.
import './silence-debug.ts';

import { parseArgs } from 'node:util';
import { createLog, describeError, scrub } from '#shared/log.ts';
import { BrowserUserLockedOut, CertificateStoreError } from './browser/launch/browser-home.ts';
import { findBrowser } from './browser/launch/find-browser.ts';
import { BrowserUnavailable } from './browser/launch/launch-chromium.ts';
import { BrowserNotFound, openBrowsers } from './browser/launch/open-browsers.ts';
import { ConfigError, type ConfigFlags, readBrowserConfig, readConfig, setTemporaryFolder } from './config.ts';
import { generateKeyPair, HalfKeyPairError, KeyChangeError, retireKey, rotateKeys } from './generate-key-pair.ts';
import { isAlive } from './liveness.ts';
import { KeyFileError } from './open-payload.ts';
import { runRunner, SelfTestFailed } from './run-runner.ts';
import { openWorkFolder } from './work-folder.ts';

/** The runner's command line: sub-commands, exit codes, and the one place where an error becomes a message. */
const HELP = `Usage: sessionshot runner [COMMAND] [OPTIONS]

  sessionshot runner                      claim captures and render them until it is told to stop
  sessionshot runner keygen --out DIR     make the pool's key pair (kept when it is already there)
      --rotate                            put a new key before it, which servers seal to from then on
      --retire KID                        take an old key out, once nothing waits under it
  sessionshot runner find-browser         say which Chromium would be used, as JSON
  sessionshot runner health               exit 0 while a runner with the same SESSIONSHOT_WORK_DIR works, else 1
  sessionshot runner self-test            prove that a page cannot get out but through the proxy, as JSON

Options
  --allow-no-sandbox    run the browser without its sandbox where it cannot have one (shown in the console)
  --concurrency N       captures at once (default: what cores and memory carry)
  -h, --help            this text

Environment
  SESSIONSHOT_SERVER_URL, SESSIONSHOT_RUNNER_TOKEN or SESSIONSHOT_RUNNER_TOKEN_FILE, SESSIONSHOT_RUNNER_KEY_FILE,
  RABBITMQ_URL, SESSIONSHOT_CONCURRENCY, SESSIONSHOT_BROWSER, SESSIONSHOT_EXTRA_CA_FILE, SESSIONSHOT_ALLOW_NO_SANDBOX,
  SESSIONSHOT_UPSTREAM_PROXY, SESSIONSHOT_PROXY_PORTS, SESSIONSHOT_BROWSER_AGE_DAYS_MAX, SESSIONSHOT_DRAIN_MS, SESSIONSHOT_WORK_DIR, SESSIONSHOT_LOG_LEVEL

Exit codes: 0 done, 2 usage, 65 no such key, 69 no browser or not safe to run, 70 bug, 74 files, 78 configuration, 130 ended at once.
`;

const EXIT_MS_MAX = 2000;

type Arguments = {
  command: string | undefined;
  out: string | undefined;
  rotate: boolean;
  retire: string | undefined;
  help: boolean;
  flags: ConfigFlags;
};
type Complaint = { exitCode: number; code: string; message: string; remedy: string };

async function main(args: string[]): Promise<number> {
  const given = readArguments(args);
  if (given === null) return usage('An option is not known or lacks its value.');
  if (given.help) return printed(HELP);
  if (given.command === 'keygen') return await keygen(given);
  if (given.command === 'find-browser') return printBrowser(given.flags);
  if (given.command === 'self-test') return await printSelfTest(given.flags);
  if (given.command === 'health') return (await isAlive(readBrowserConfig(given.flags).workDir)) ? 0 : 1;
  if (given.command === undefined) return await runRunner(readConfig(given.flags));
  return usage(`There is no command ${given.command}.`);
}

function readArguments(args: string[]): Arguments | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        rotate: { type: 'boolean' },
        retire: { type: 'string' },
        'allow-no-sandbox': { type: 'boolean' },
        concurrency: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (positionals.length > 1) return null;
    return {
      command: positionals[0],
      out: values.out,
      rotate: values.rotate === true,
      retire: values.retire,
      help: values.help === true,
      flags: { allowNoSandbox: values['allow-no-sandbox'], concurrency: values.concurrency },
    };
  } catch {
    return null; // parseArgs quotes what was typed, which may be a token put in the wrong place
  }
}

/** `--rotate` and `--retire` as they are here change the files and nothing else; `sessionshot runner keygen` counts first what waits. */
async function keygen({ out, rotate, retire }: Arguments): Promise<number> {
  if (!out) return usage('keygen needs --out DIR.');
  if (rotate && retire !== undefined)
    return usage('--rotate and --retire are two steps: the old key is retired when nothing waits under it.');
  const files = rotate ? rotateKeys(out) : retire === undefined ? generateKeyPair(out) : retireKey(out, retire);
  return printed(`${JSON.stringify(await files)}\n`);
}

function printBrowser(flags: ConfigFlags): number {
  const config = readBrowserConfig(flags);
  const { found, looked, remedy } = findBrowser({ explicit: config.explicitPath, searchPath: config.searchPath });
  if (found) return printed(`${JSON.stringify({ path: found.path, kind: found.kind, looked })}\n`);
  process.stdout.write(`${JSON.stringify({ path: null, kind: null, looked })}\n`);
  process.stderr.write(`No Chromium was found. Looked at:\n${looked.map((place) => `  ${place}\n`).join('')}${remedy}\n`);
  return 69;
}

async function printSelfTest(flags: ConfigFlags): Promise<number> {
  const config = readBrowserConfig(flags);
  const log = createLog('runner', config.logLevel);
  const folder = await openWorkFolder(config.workDir, log);
  setTemporaryFolder(folder.temporary);
  try {
    const browsers = await openBrowsers({ ...config, slots: 1, folder, log });
    const result = await browsers.selfTest();
    process.stdout.write(`${JSON.stringify({ ...result, browser: browsers.found.path })}\n`);
    return result.ok ? 0 : 69;
  } finally {
    await folder.remove();
  }
}

function explain(error: unknown): Complaint {
  if (error instanceof ConfigError) return { exitCode: 78, code: 'configuration', message: error.message, remedy: error.remedy };
  if (error instanceof KeyFileError)
    return {
      exitCode: 78,
      code: 'configuration',
      message: error.message,
      remedy: 'Set SESSIONSHOT_RUNNER_KEY_FILE to the private.jwks.json that `sessionshot runner keygen --out DIR` made.',
    };
  if (error instanceof CertificateStoreError)
    return {
      exitCode: 78,
      code: 'configuration',
      message: error.message,
      remedy: 'Correct SESSIONSHOT_EXTRA_CA_FILE, or leave it out where no site has a private CA.',
    };
  if (error instanceof BrowserUserLockedOut)
    return {
      exitCode: 78,
      code: 'configuration',
      message: error.message,
      remedy:
        'Set SESSIONSHOT_WORK_DIR (or SESSIONSHOT_BROWSER) to a place that every user may enter, such as one below /var/lib, /opt or /tmp.',
    };
  if (error instanceof BrowserNotFound) return { exitCode: 69, code: 'no_browser', message: error.message, remedy: error.search.remedy };
  if (error instanceof SelfTestFailed)
    return {
      exitCode: 69,
      code: 'self_test_failed',
      message: error.message,
      remedy: 'A page could get past the egress proxy with this browser: use another one (SESSIONSHOT_BROWSER) and report its version.',
    };
  if (error instanceof BrowserUnavailable)
    return {
      exitCode: 69,
      code: 'browser_unavailable',
      message: error.message,
      remedy:
        'Run `sessionshot doctor`. Where the system forbids user namespaces (a container without the seccomp profile, say), allow them, or pass --allow-no-sandbox knowing what that means.',
    };
  if (error instanceof KeyChangeError) return { exitCode: 65, code: 'keys', message: error.message, remedy: 'Nothing was changed.' };
  if (error instanceof HalfKeyPairError) return { exitCode: 74, code: 'files', message: error.message, remedy: 'Nothing was changed.' };
  if (error instanceof Error && 'syscall' in error)
    return {
      exitCode: 74,
      code: 'files',
      message: describeError(error).message,
      remedy: 'Check that the folder exists, has room, and that this user may write to it.',
    };
  return { exitCode: 70, code: 'bug', message: describeError(error).message, remedy: 'This is a bug: please report it with the log.' };
}

function usage(message: string): number {
  process.stderr.write(`${message}\n\n${HELP}`);
  return 2;
}

function printed(text: string): number {
  process.stdout.write(text);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { exitCode, code, message, remedy } = explain(error);
  process.stdout.write(`${JSON.stringify({ event: 'error', code, message: scrub(message), remedy })}\n`);
  createLog('runner').error(message, { code, ...(exitCode === 70 ? { error } : { reason: remedy }) });
  process.exitCode = exitCode;
}
// Whatever a library still holds open must not keep a runner alive that is done.
setTimeout(() => process.exit(), EXIT_MS_MAX).unref();
