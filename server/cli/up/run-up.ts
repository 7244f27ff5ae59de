import { z } from 'zod';
import { killAllChildren } from '#server/embedded/child-process.ts';
import { EXIT, type OperatorError } from '#server/embedded/operator-error.ts';
import type { Settings } from '../config.ts';
import { connectOperator } from '../operator-client.ts';
import type { Terminal } from '../terminal.ts';
import { type FirstCapture, makeFirstCapture } from './first-capture.ts';
import { createForcedEnd, type ForcedEnd } from './forced-end.ts';
import { createLifetime, type Lifetime } from './lifetime.ts';
import { openInBrowser } from './open-url.ts';
import { dropTemporaryKey } from './prepare-workspace.ts';
import { createProgress, type Progress, toOperatorError } from './progress.ts';
import { type Running, startInstance } from './start-instance.ts';
import { createStopHandler, SIGNALS } from './stop-signals.ts';
import { printSummary } from './summary.ts';

export type UpOptions = { settings: Settings; version: string; isDefaultDataDir: boolean; once: boolean; json: boolean };
type Ending = { code: number; error?: OperatorError; why?: string };

/**
 * Runs an embedded instance until it is told to stop; answers the exit code. The first signal drains and ends with 0
 * (130 before it was ready), a second one ends at once with 130. Whatever the way out, no child is left.
 */
export async function runUp(options: UpOptions, terminal: Terminal): Promise<number> {
  const progress = createProgress(terminal, options.json);
  const lifetime = createLifetime((error) => terminal.say(`  ${toOperatorError(error).message}`));
  const ended = Promise.withResolvers<Ending>();
  const state = { isReady: false };
  const forcedEnd = createForcedEnd();
  const release = listen({ end: ended.resolve, forcedEnd, terminal, state });
  progress.note(
    `\n  ${terminal.style('bold', 'SessionShot')} ${options.version}   ${terminal.style('dim', `embedded, data in ${options.settings.dataDir}`)}\n`,
  );
  const ending = await Promise.race([live(options, { terminal, progress, lifetime, end: ended.resolve, state }), ended.promise]).catch(
    (error: unknown): Ending => {
      const told = toOperatorError(error);
      return { code: told.exitCode, error: told };
    },
  );
  progress.end();
  if (ending.error) report(terminal, progress, ending.error);
  if (ending.why) terminal.say(`\n  ${ending.why}`);
  const code = await forcedEnd.settle(lifetime.close(), ending.code);
  release();
  progress.emit({ event: 'stopped', code });
  if (ending.why) terminal.say('  Stopped.');
  return code;
}

type Life = { terminal: Terminal; progress: Progress; lifetime: Lifetime; end: (ending: Ending) => void; state: { isReady: boolean } };

async function live(options: UpOptions, { terminal, progress, lifetime, end, state }: Life): Promise<Ending> {
  const { settings } = options;
  const onStop = () => end({ code: EXIT.ok, why: 'Asked to stop: running captures end first (20 s at most) …' });
  const onLost = (error: OperatorError) => end({ code: error.exitCode, error });
  const running = await startInstance({ settings, needsCapture: options.once, progress, lifetime, onStop, onLost });
  const signInUrl = await makeSignInUrl(running);
  state.isReady = true;
  progress.emit({ event: 'ready', url: running.app.url, signInUrl, apiUrl: `${running.app.url}/api`, dataDir: running.dataDir.path });
  const { captureKey } = running.workspace;
  if (captureKey && !captureKey.isTemporary) progress.emit({ event: 'key', id: captureKey.id, key: captureKey.key });
  const capture = captureKey && running.runner ? await captureDemo(running, { progress, lifetime, once: options.once }) : null;
  progress.end();
  const key = captureKey && !captureKey.isTemporary ? captureKey.key : null;
  if (!options.json)
    printSummary(terminal, {
      url: running.app.url,
      signInUrl,
      dataDir: running.dataDir.path,
      isDefaultDataDir: options.isDefaultDataDir,
      key,
      demo: running.demo,
      capture,
      isOver: options.once,
    });
  if (options.once) return { code: capture?.capture.status === 'succeeded' ? EXIT.ok : EXIT.captureFailed };
  if (!options.json) terminal.say(`  ${terminal.style('dim', 'Ctrl-C stops everything.')}`);
  if (settings.open !== 'none' && terminal.isLive) {
    const hindrance = await openInBrowser(signInUrl, running.dataDir.path);
    if (hindrance) terminal.say(`  ${hindrance}`);
  }
  return await new Promise<never>(() => undefined);
}

async function captureDemo(
  running: Running,
  options: { progress: Progress; lifetime: Lifetime; once: boolean },
): Promise<FirstCapture | null> {
  const { app, demo, dataDir, workspace } = running;
  const { progress, lifetime } = options;
  try {
    const made = await progress.step('capture', async (tell) => {
      const first = await makeFirstCapture(
        { url: app.url, key: workspace.captureKey?.key ?? '', demo, dataDir: dataDir.path, signal: lifetime.signal },
        tell,
      );
      tell(
        first.capture.error
          ? `${first.capture.status}: ${first.capture.error.code}`
          : `${first.capture.verdict}, signed in as ${demo.user}`,
      );
      return first;
    });
    const { capture, file } = made;
    progress.emit({
      event: 'capture',
      id: capture.id,
      status: capture.status,
      verdict: capture.verdict,
      file,
      bytes: capture.asset?.bytes ?? null,
      sha256: capture.asset?.sha256 ?? null,
      assetUrl: capture.asset?.url ?? null,
    });
    return made;
  } catch (error) {
    if (options.once || lifetime.signal.aborted) throw error;
    // The instance itself is well: the person sees the fault, and can try a capture of their own.
    const told = toOperatorError(error);
    progress.emit({ event: 'error', code: told.code, message: told.message, remedy: told.remedy });
    progress.note(`  ${told.message} ${told.remedy}`);
    return null;
  } finally {
    if (!lifetime.signal.aborted) await dropTemporaryKey(app.deps, workspace);
  }
}

async function makeSignInUrl(running: Running): Promise<string> {
  const link = await connectOperator(running.dataDir.path, running.workspace.actor.workspaceId).call(
    'sign-in-link',
    z.object({ url: z.string() }),
  );
  return link.url;
}

function report(terminal: Terminal, progress: Progress, error: OperatorError): void {
  progress.emit({ event: 'error', code: error.code, message: error.message, remedy: error.remedy });
  terminal.say(`\n  ${terminal.style('red', '✖')} ${error.message}\n    ${error.remedy}`);
}

type Signals = { end: (ending: Ending) => void; forcedEnd: ForcedEnd; terminal: Terminal; state: { isReady: boolean } };

/** Listens for signals until `release`; a way out that nobody foresaw kills the children as well. */
function listen({ end, forcedEnd, terminal, state }: Signals): () => void {
  const first = () =>
    end({
      code: state.isReady ? EXIT.ok : EXIT.interrupted,
      why: 'Stopping: running captures end first (20 s at most). Press Ctrl-C again to stop at once.',
    });
  const second = () => {
    terminal.say('  Stopping at once.');
    forcedEnd.force();
  };
  const handler = createStopHandler({ first, second });
  for (const signal of SIGNALS) process.on(signal, handler);
  process.on('exit', killAllChildren);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler);
  };
}
