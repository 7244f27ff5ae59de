/** Exit codes of the command line (sysexits where one fits). */
export const EXIT = {
  ok: 0,
  captureFailed: 1,
  usage: 2,
  badInput: 65,
  unavailable: 69,
  bug: 70,
  io: 74,
  denied: 77,
  configuration: 78,
  timedOut: 124,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * What stops a command, told to the person who can mend it: what happened, and in `remedy` the one thing to do.
 * `code` is a stable word for programs. Neither may hold a secret.
 */
export class OperatorError extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly remedy: string;

  constructor(exitCode: ExitCode, code: string, message: string, remedy: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'OperatorError';
    this.exitCode = exitCode;
    this.code = code;
    this.remedy = remedy;
  }
}
