import { TRPCClientError } from '@trpc/client';
import type { FieldError, Problem } from '#shared/problem.ts';

/** A failed call as people see it. `isPassing`: the same call may work in a moment. */
export type ShownProblem = {
  title: string;
  detail: string;
  code: string | null;
  requestId: string | null;
  errors: FieldError[];
  isPassing: boolean;
};

/** Reads any error of a call. One that is not a problem document becomes the sentence for "no answer". */
export function readProblem(error: unknown): ShownProblem {
  const data: unknown = error instanceof TRPCClientError ? error.data : null;
  const problem = isRecord(data) && isProblem(data.problem) ? data.problem : null;
  if (problem) {
    const { title, detail, code, requestId, errors = [] } = problem;
    return { title, detail, code, requestId, errors, isPassing: problem.status >= 500 };
  }
  return {
    title: 'The server did not answer',
    detail: 'Check that SessionShot is running and reachable from here, then try again.',
    code: null,
    requestId: null,
    errors: [],
    isPassing: true,
  };
}

function isProblem(value: unknown): value is Problem {
  return (
    isRecord(value) &&
    typeof value.title === 'string' &&
    typeof value.detail === 'string' &&
    typeof value.code === 'string' &&
    typeof value.status === 'number'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
