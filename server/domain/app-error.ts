import { type FieldError, PROBLEMS, type ProblemCode } from '#shared/problem.ts';

/**
 * A refused request. `detail` goes to the caller and names the remedy; `internal` goes to the log only. Thrown by the
 * domain, mapped once at the edge (`api/problem-response.ts`).
 */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { internal?: string; errors?: FieldError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(options.internal ?? detail, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** The one answer for things that are not there or belong to another workspace: byte-identical by construction. */
export function notFound(): AppError {
  return new AppError('not_found', 'There is no such thing in this workspace.');
}
