import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { EMBEDDED_DRAIN_MS } from '#server/embedded/embedded-runner.ts';
import { findInstance } from '#server/embedded/instance.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { type CommandContext, type InstanceSession, openInstanceSession, withInstance } from '../command-context.ts';
import { createStopProgress, workSchema } from '../stop-progress.ts';

const answerSchema = z.looseObject({ work: workSchema });
/** The drain of the runner (20 s), its margin, and the shutdown of database and storage. */
const STOP_MS_MAX = 60_000;
const POLL_MS = 100;
/** How often the instance is asked what still runs. */
const ASK_MS = 1_000;

/** `stop` */
export function addStop(program: Command, { terminal }: CommandContext): void {
  const description = `stop the running instance: running captures end first (${EMBEDDED_DRAIN_MS / 1000} s)`;
  withInstance(program.command('stop').description(description)).action(async (_flags: unknown, command: Command) => {
    const session = openInstanceSession(command);
    const { pid } = session.operator.instance;
    await stopInstance(session, session.json ? () => undefined : terminal.say);
    if (session.json) terminal.json({ stopped: true, pid });
    else terminal.say(`${terminal.style('green', '✔')} stopped (pid ${pid}).`);
  });
}

async function stopInstance({ operator, dataDir }: InstanceSession, say: (text: string) => void): Promise<void> {
  const { pid } = operator.instance;
  const progress = createStopProgress({ say, drainMs: EMBEDDED_DRAIN_MS });
  progress.update((await operator.stop(answerSchema)).work);
  const end = Date.now() + STOP_MS_MAX;
  let askedAt = Date.now();
  let isAsking = false;
  while (findInstance(dataDir)?.pid === pid) {
    if (Date.now() > end)
      throw new OperatorError(
        EXIT.timedOut,
        'not_stopped',
        `The instance (pid ${pid}) is still there after ${STOP_MS_MAX / 1000} s.`,
        `End it at once with two signals: kill ${pid}; sleep 1; kill ${pid}`,
      );
    // Beside the waiting: an answer that takes its time must not hold up the end.
    if (!isAsking && Date.now() - askedAt >= ASK_MS) {
      isAsking = true;
      askedAt = Date.now();
      void operator
        .status(answerSchema)
        .then(
          ({ work }) => progress.update(work),
          () => progress.close(),
        )
        .finally(() => {
          isAsking = false;
        });
    }
    await wait(POLL_MS);
  }
}
