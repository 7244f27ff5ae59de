import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFacts } from '#server/embedded/embedded-demo.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type Capture, captureSchema, FINAL_STATUSES } from '#shared/capture.ts';
import { LIMITS } from '#shared/limits.ts';
import { problemSchema } from '#shared/problem.ts';
import type { Tell } from './progress.ts';

export type FirstCapture = { capture: Capture; file: string | null };
type Options = { url: string; key: string; demo: DemoFacts; dataDir: string; signal: AbortSignal };

const CAPTURE_MS_MAX = 3 * 60_000;
const POLL_MS = 200;
const CALL_MS_MAX = 30_000;

/**
 * Makes one capture of the demo app through the public REST API, as an integrator would: send, poll, fetch the file
 * through its signed URL, check its SHA-256, save it under `captures/` of the data folder.
 */
export async function makeFirstCapture(options: Options, tell: Tell): Promise<FirstCapture> {
  const { demo } = options;
  const auth = { storageState: JSON.parse(readFileSync(demo.stateFile, 'utf8')), verify: { selector: '#user-name', text: demo.user } };
  tell(`of ${demo.origin}/, signed in as ${demo.user}`);
  let capture = await call(options, 'POST', '/api/captures', { url: `${demo.origin}/`, auth, output: { format: 'png', fullPage: true } });
  const end = Date.now() + CAPTURE_MS_MAX;
  while (!FINAL_STATUSES.includes(capture.status)) {
    if (Date.now() > end)
      throw new OperatorError(
        EXIT.timedOut,
        'capture_timeout',
        `The first capture (${capture.id}) is still ${capture.status} after ${CAPTURE_MS_MAX / 1000} s.`,
        'Look at `logs/runner.log` of the data folder; `sessionshot doctor` checks the browser.',
      );
    await wait(POLL_MS, undefined, { signal: options.signal });
    capture = await call(options, 'GET', `/api/captures/${capture.id}`);
  }
  const { asset } = capture;
  if (!asset) return { capture, file: null };
  const file = join(options.dataDir, 'captures', `${capture.id}.png`);
  mkdirSync(join(options.dataDir, 'captures'), { recursive: true, mode: 0o700 });
  writeFileSync(file, await downloadAsset(asset, options.signal), { mode: 0o600 });
  return { capture, file };
}

/** Fetches an asset through its signed URL and checks size and SHA-256. Throws 74 when it is not what was stored. */
export async function downloadAsset(asset: NonNullable<Capture['asset']>, signal?: AbortSignal): Promise<Uint8Array> {
  const answer = await fetch(asset.url, { signal: bounded(signal) });
  if (!answer.ok)
    throw new OperatorError(
      EXIT.io,
      'asset_not_fetched',
      `The signed URL answered ${answer.status}.`,
      'Check the clock of this machine, and `sessionshot status` for the storage.',
    );
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes.length > LIMITS.assetBytesMax || createHash('sha256').update(bytes).digest('hex') !== asset.sha256) {
    throw new OperatorError(
      EXIT.io,
      'asset_damaged',
      'The file fetched through the signed URL is not the one that was stored.',
      'Make the capture again; if it happens twice, check the storage.',
    );
  }
  return bytes;
}

async function call(options: Options, method: string, path: string, body?: unknown): Promise<Capture> {
  const headers = { authorization: `Bearer ${options.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(new URL(path, options.url), {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: bounded(options.signal),
  });
  const value: unknown = await answer.json();
  if (answer.ok) return captureSchema.parse(value);
  const problem = problemSchema.safeParse(value).data;
  throw new OperatorError(
    EXIT.captureFailed,
    problem?.code ?? 'refused',
    problem?.detail ?? `${method} ${path} answered ${answer.status}.`,
    'This should not happen with the demo app: please report it with `logs/server.log` of the data folder.',
  );
}

function bounded(signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(CALL_MS_MAX);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
