import type { FieldError, ProblemCode } from '#shared/problem.ts';
import { AppError } from '../app-error.ts';

/** Refusals that name a fault of the request itself. Any other ends a check at once. */
const OF_REQUEST: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['invalid_request', 'invalid_target_url', 'domain_not_allowed']);
const ERRORS_MAX = 50;

/** Collects faults of several kinds. */
export type Faults = {
  /** Runs a check; what it refuses of the request is kept, and null returned. Throws everything else. */
  check<T>(work: () => T | Promise<T>): Promise<T | null>;
  /** Throws what was kept as one refusal, with the code and the words of the first. */
  throwAny(): void;
};

/** Starts with the faults that are known. */
export function collectFaults(known: readonly AppError[] = []): Faults {
  const found = [...known];
  return {
    check: async (work) => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof AppError) || !OF_REQUEST.has(error.code)) throw error;
        found.push(error);
        return null;
      }
    },
    throwAny: () => {
      const [first, ...more] = found;
      if (!first) return;
      if (more.length === 0) throw first;
      const errors = new Map(found.flatMap(errorsOf).map((error) => [`${error.path} ${error.message}`, error]));
      throw new AppError(first.code, first.detail, { errors: [...errors.values()].slice(0, ERRORS_MAX) });
    },
  };
}

/** A host that is not allowed is a fault of the URL. */
function errorsOf({ errors, detail }: AppError): FieldError[] {
  return errors ?? [{ path: 'url', message: detail }];
}
