import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';

/** One statement of a request: its text with every literal as `?`, and how many rows came back or were changed. */
export type Statement = { text: string; rows: number | null };

export type StatementRecorder = {
  /** Runs one call and answers what the server asked the database because of it, in order. One call at a time. */
  record<T>(run: () => Promise<T>): Promise<{ result: T; statements: Statement[] }>;
  stop(): void;
};

/**
 * Hears every statement of the ORM's driver in this process, and knows by the asynchronous context which of them belong to
 * the call that is recorded: background work is left out. To be made before the server, whose requests it enters.
 */
export function createStatementRecorder(): StatementRecorder {
  const context = new AsyncLocalStorage<Statement[]>();
  let current: Statement[] | null = null;

  // Reading a body leaves the context that the first hook entered: the later one enters it again.
  const enter = (request: object, _reply: unknown, done: () => void) => {
    const mine: Statement[] | undefined = Reflect.get(request, STATEMENTS) ?? current;
    if (mine === undefined || mine === null) return done();
    Reflect.set(request, STATEMENTS, mine);
    context.run(mine, done);
  };
  const onServer = (message: unknown) => {
    const app = typeof message === 'object' && message !== null ? Reflect.get(message, 'fastify') : undefined;
    app.addHook('onRequest', enter);
    app.addHook('preValidation', enter);
  };
  subscribe('fastify.initialization', onServer);

  const { prototype } = driverOf().Client;
  const original = prototype.query;
  prototype.query = function query(this: unknown, ...args: unknown[]) {
    const mine = context.getStore();
    const answer = Reflect.apply(original, this, args);
    if (!mine) return answer;
    const statement: Statement = { text: shapeOf(args[0]), rows: null };
    mine.push(statement);
    if (answer instanceof Promise)
      answer.then(
        ({ rowCount }) => (statement.rows = rowCount),
        () => undefined,
      ); // whoever asked hears it
    return answer;
  };
  return {
    record: async (run) => {
      const statements: Statement[] = [];
      current = statements;
      try {
        return { result: await context.run(statements, run), statements };
      } finally {
        current = null;
      }
    },
    stop: () => {
      unsubscribe('fastify.initialization', onServer);
      prototype.query = original;
    },
  };
}

const STATEMENTS = Symbol('statements');

type Driver = { Client: { prototype: { query: (...args: unknown[]) => unknown } } };

/** The driver that the ORM uses, which may be another copy than ours. */
function driverOf(): Driver {
  return createRequire(import.meta.resolve('@mikro-orm/postgresql'))('pg');
}

function shapeOf(query: unknown): string {
  const text: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'text') : query;
  return String(text)
    .replace(/'(?:[^']|'')*'/g, '?')
    .replace(/\b\d+\b/g, '?');
}
