import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { formatSeconds, type Terminal } from '../terminal.ts';

export type StepState = 'started' | 'done' | 'skipped' | 'failed';
/** One line of `up --json`. */
export type UpEvent =
  | { event: 'step'; name: string; state: StepState; ms: number }
  | { event: 'ready'; url: string; signInUrl: string; apiUrl: string; dataDir: string }
  | { event: 'key'; id: string; key: string }
  | {
      event: 'capture';
      id: string;
      status: string;
      verdict: string | null;
      file: string | null;
      bytes: number | null;
      sha256: string | null;
      assetUrl: string | null;
    }
  | { event: 'error'; code: string; message: string; remedy: string }
  | { event: 'stopped'; code: number };

/** Says what a step is doing (`tell('installing Chromium')`), and at its end what came of it. */
export type Tell = (detail: string) => void;
export type Progress = {
  /** Runs one step and shows it with its time. Steps may run side by side. */
  step<T>(name: string, work: (tell: Tell) => Promise<T>): Promise<T>;
  skip(name: string, why: string): void;
  /** Prints an event with --json; nothing without. */
  emit(event: UpEvent): void;
  /** Prints a message above the steps that are running. */
  note(text: string): void;
  /** Shows no more steps; what stands stays. Events are still printed. */
  end(): void;
};
type Step = { name: string; state: StepState; detail: string; startedAt: number; ms: number };

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 90;
/** How long something must take to be told while it lasts, where lines are not redrawn. */
const PATIENCE_MS = 1_000;
const NAME_WIDTH = 10;
const MARKS = { started: '…', done: '✔', skipped: '–', failed: '✖' } as const;
const COLORS = { started: 'cyan', done: 'green', skipped: 'dim', failed: 'red' } as const;

/** Shows steps on stderr: redrawn in place on a terminal, a line at each end elsewhere; as events on stdout with --json. */
export function createProgress(terminal: Terminal, json: boolean): Progress {
  const live = terminal.isLive && !json;
  const steps: Step[] = [];
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | null = null;
  let isOver = false;

  const say = (text: string) => {
    if (!isOver) terminal.say(text);
  };

  const erase = () => {
    if (drawn > 0) terminal.raw(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    // Finished steps at the top never change again: they leave the part that is redrawn.
    while (steps[0] && steps[0].state !== 'started') terminal.say(line(terminal, steps.shift(), ''));
    for (const step of steps) terminal.say(line(terminal, step, FRAMES[frame % FRAMES.length] ?? ''));
    drawn = steps.length;
    if (steps.length === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
  const tick = () => {
    frame += 1;
    draw();
  };
  const change = (step: Step) => {
    if (isOver) return;
    if (live) return draw();
    if (step.state !== 'started') say(line(terminal, step, ''));
  };
  const show = (step: Step) => {
    if (live) steps.push(step);
    timer ??= live ? setInterval(tick, FRAME_MS).unref() : null;
    change(step);
  };
  const emit = (event: UpEvent) => {
    if (json) terminal.json(event);
  };
  const settle = (step: Step, state: StepState, detail?: string) => {
    Object.assign(step, { state, ms: Math.round(performance.now() - step.startedAt), detail: detail ?? step.detail });
    emit({ event: 'step', name: step.name, state, ms: step.ms });
    change(step);
  };
  return {
    async step(name, work) {
      const step: Step = { name, state: 'started', detail: '', startedAt: performance.now(), ms: 0 };
      emit({ event: 'step', name, state: 'started', ms: 0 });
      show(step);
      let patience: NodeJS.Timeout | undefined;
      const tell = (detail: string) => {
        step.detail = detail;
        if (live) return;
        clearTimeout(patience);
        // Without a terminal, only what lasts is worth a line of its own.
        patience = setTimeout(() => say(`  ${MARKS.started} ${name.padEnd(NAME_WIDTH)} ${detail}`), PATIENCE_MS);
      };
      try {
        const result = await work(tell);
        settle(step, 'done');
        return result;
      } catch (error) {
        settle(step, 'failed', '');
        throw error;
      } finally {
        clearTimeout(patience);
      }
    },
    skip: (name, why) => {
      emit({ event: 'step', name, state: 'skipped', ms: 0 });
      show({ name, state: 'skipped', detail: why, startedAt: 0, ms: 0 });
    },
    emit,
    note: (text) => {
      erase();
      terminal.say(text);
      if (live && steps.length > 0) draw();
    },
    end: () => {
      if (timer) clearInterval(timer);
      timer = null;
      if (steps.length > 0 && !isOver) draw();
      isOver = true;
    },
  };
}

function line(terminal: Terminal, step: Step | undefined, spinner: string): string {
  if (!step) return '';
  const mark = terminal.style(COLORS[step.state], step.state === 'started' ? spinner || MARKS.started : MARKS[step.state]);
  const time = step.state === 'done' || step.state === 'failed' ? formatSeconds(step.ms) : '';
  const width = Math.max(20, Math.min(terminal.columns(), 90) - NAME_WIDTH - 16);
  const detail = step.detail.length > width ? `${step.detail.slice(0, width - 1)}…` : step.detail;
  return `  ${mark} ${step.name.padEnd(NAME_WIDTH)} ${terminal.style('dim', detail.padEnd(width))} ${time.padStart(7)}`.trimEnd();
}

/** Turns whatever was thrown into what a person is told. */
export function toOperatorError(error: unknown): OperatorError {
  if (error instanceof OperatorError) return error;
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new OperatorError(
    EXIT.bug,
    'internal',
    `Something went wrong that should not: ${message}`,
    'The log `logs/server.log` of the data folder says more; please report it.',
    { cause: error },
  );
}
