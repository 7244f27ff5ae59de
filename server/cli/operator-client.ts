import { join } from 'node:path';
import { z } from 'zod';
import { problemSchema } from '#shared/problem.ts';
import { findInstance, type InstanceRecord } from '../embedded/instance.ts';
import { EXIT, type ExitCode, OperatorError } from '../embedded/operator-error.ts';
import { readIfThere } from '../embedded/private-file.ts';

export const OPERATOR_TOKEN_FILE = 'operator.token';
const CALL_MS_MAX = 60_000;
const WORKSPACE_HEADER = 'x-sessionshot-workspace';

/** Carries one operator call and answers its status and JSON body. */
export type Transport = (
  path: string,
  init: { method: string; headers: Record<string, string>; body: string | undefined },
) => Promise<{ status: number; body: unknown }>;

export type Operator = {
  /** Calls a procedure (`keys.create`) and parses its answer. Refusals become an `OperatorError` with a fitting exit code. */
  call<T extends z.ZodType>(procedure: string, answer: T, input?: unknown): Promise<z.infer<T>>;
};
export type InstanceOperator = Operator & {
  instance: InstanceRecord;
  url: string;
  status<T extends z.ZodType>(answer: T): Promise<z.infer<T>>;
  /** Asks the instance to stop gracefully; it answers what it has to do until then. */
  stop<T extends z.ZodType>(answer: T): Promise<z.infer<T>>;
};

/** Makes the caller of operator procedures over a transport. */
export function createOperator(
  transport: Transport,
  workspace?: string,
): Operator & { request(method: string, path: string, input?: unknown): Promise<unknown> } {
  const request = async (method: string, path: string, input?: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(workspace ? { [WORKSPACE_HEADER]: workspace } : {}) };
    const { status, body } = await transport(path, {
      method,
      headers: method === 'GET' ? {} : headers,
      body: method === 'GET' ? undefined : JSON.stringify(input ?? {}),
    });
    if (status < 200 || status > 299) throw refusal(status, body);
    return z.object({ data: z.unknown() }).parse(body).data;
  };
  return { request, call: async (procedure, answer, input) => answer.parse(await request('POST', procedure, input)) };
}

/**
 * Reaches the instance that runs on a data folder, over loopback and with the token that only the folder's owner can
 * read. Throws 69 when none runs, with the remedy.
 */
export function connectOperator(dataDir: string, workspace?: string): InstanceOperator {
  const instance = findInstance(dataDir);
  const token = readIfThere(join(dataDir, OPERATOR_TOKEN_FILE))?.trim();
  if (instance && (!instance.url || !token)) {
    throw new OperatorError(
      EXIT.unavailable,
      'starting',
      `SessionShot is still starting on ${dataDir} (pid ${instance.pid}).`,
      'Wait until it says where the console is, then try again.',
    );
  }
  if (!instance?.url || !token) {
    throw new OperatorError(
      EXIT.unavailable,
      'not_running',
      `SessionShot is not running on ${dataDir}.`,
      'Start it with `npm start` (that is `sessionshot up`); for another data folder add --data-dir DIR.',
    );
  }
  const { url } = instance;
  const operator = createOperator(async (path, init) => {
    const answer = await send(`${url}/operator/v1/${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    const body: unknown = await answer.json().catch(() => null); // not JSON: judged by the status
    return { status: answer.status, body };
  }, workspace);
  return {
    instance,
    url,
    call: operator.call,
    status: async (answer) => answer.parse(await operator.request('GET', 'status')),
    stop: async (answer) => answer.parse(await operator.request('POST', 'stop')),
  };
}

async function send(url: string, init: { method: string; headers: Record<string, string>; body: string | undefined }): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) });
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'TimeoutError';
    if (isLate)
      throw new OperatorError(
        EXIT.timedOut,
        'no_answer',
        `The instance at ${new URL(url).origin} did not answer within ${CALL_MS_MAX / 1000} s.`,
        'Look at `logs/server.log` of the data folder.',
        { cause },
      );
    throw new OperatorError(
      EXIT.unavailable,
      'not_reachable',
      `The instance at ${new URL(url).origin} does not answer.`,
      'It may be stopping: run `sessionshot status`, then `npm start`.',
      { cause },
    );
  }
}

function refusal(status: number, body: unknown): OperatorError {
  const problem = problemSchema.safeParse(body).data;
  const isNew = (text: string) => !problem?.detail.includes(text.slice(0, -1));
  const faults = problem?.errors
    ?.filter((error) => isNew(error.message))
    .map((error) => `${error.path}: ${error.message}`)
    .join('; ');
  const message = [problem?.title ?? `The instance answered ${status}`, faults].filter(Boolean).join(': ');
  return new OperatorError(
    exitCodeFor(status),
    problem?.code ?? 'refused',
    message,
    problem?.detail ?? 'Look at `logs/server.log` of the data folder.',
  );
}

function exitCodeFor(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.denied;
  if (status === 429 || status === 503) return EXIT.unavailable;
  return status < 500 ? EXIT.badInput : EXIT.bug;
}
