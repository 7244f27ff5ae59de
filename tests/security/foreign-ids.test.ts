import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '#shared/scopes.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';
import { callByConsole, callByKey, callByOperator, listProcedures, type Procedure } from './call-procedure.ts';
import { PROCEDURES, type ProcedureCase, type Subject } from './cases/procedures.ts';
import { ROUTES, type RouteCase } from './cases/routes.ts';
import { createStatementRecorder, type Statement } from './record-statements.ts';
import { unknownOf, withoutIds } from './unknown-ids.ts';

/**
 * Row 3 of the security model, its second half: an id of another workspace takes the server as long as one that nobody has.
 * No clock can show that on a machine with other work. What takes the time can be compared: the statements that are sent to
 * the database, in their order and with their rows, and the bytes of the answer. Runners serve all workspaces and are not asked.
 */
const TRIES_MAX = 5;

const recorder = createStatementRecorder();
let bed: AccessBed;
beforeAll(async () => {
  bed = await createAccessBed();
});
afterAll(async () => {
  recorder.stop();
  await bed?.close();
});

type Seen = { text: string; bytes: number; statements: Statement[] };
type Attempt = (subject: Subject) => Promise<{ text: string }>;

async function look(attempt: Attempt, subject: Subject): Promise<Seen> {
  const { result, statements } = await recorder.record(() => attempt(subject));
  return { text: withoutIds(result.text), bytes: Buffer.byteLength(result.text), statements };
}

/** Some work is due by the clock (when a key was used last): what differs by chance is alike at another try, what differs by the id never is. */
async function compare(attempt: Attempt): Promise<void> {
  const foreign = await bed.first.makeSubject();
  for (let tries = 1; ; tries++) {
    const unknown = await look(attempt, unknownOf(foreign));
    const seen = await look(attempt, foreign);
    expect(unknown.statements.length, 'the recorder hears the database').toBeGreaterThan(0);
    if (tries < TRIES_MAX && JSON.stringify(seen) !== JSON.stringify(unknown)) continue;
    expect(seen).toEqual(unknown);
    return;
  }
}

/** Procedures whose input names something of a workspace, and the one that names something of a person. */
const named = listProcedures()
  .map((procedure): [string, Procedure, ProcedureCase | undefined] => [procedure.path, procedure, PROCEDURES[procedure.path]])
  .filter(([path, , rule]) => rule?.names || path === 'sessions.end');

describe.each(named)('%s', (_path, procedure, rule) => {
  test('does the same work for a foreign id as for an unknown one, at each door', async () => {
    const cookie = await bed.second.signIn('owner');
    const key = await bed.second.makeKey(SCOPES);
    const workspace = { 'x-sessionshot-workspace': bed.second.workspaceId };
    const isByKey = SCOPES.some((scope) => scope === rule?.access);
    await compare((subject) => callByConsole(bed.api, procedure, rule?.input?.(subject, 'x'), { cookie }));
    if (isByKey) await compare((subject) => callByKey(bed.api, procedure, rule?.input?.(subject, 'x'), key));
    if (procedure.type !== 'subscription' && rule?.access !== 'user')
      await compare((subject) => callByOperator(bed.api, procedure, rule?.input?.(subject, 'x'), workspace));
  });
});

const routes = Object.entries(ROUTES).flatMap(([route, cases]) =>
  cases.filter(({ names }) => names).map((rule, index): [string, string, RouteCase] => [`${route} (${index + 1})`, route, rule]),
);

test.each(routes)('%s does the same work for a foreign id as for an unknown one', async (_name, route, { path, body }) => {
  const headers = { authorization: `Bearer ${await bed.second.makeKey(SCOPES)}` };
  const [method = 'GET', url = ''] = route.split(' ');
  await compare((subject) =>
    bed.api.call(path?.(subject) ?? url, { method, key: null, headers, body: body?.(subject), signal: AbortSignal.timeout(10_000) }),
  );
});

test('every procedure and route that takes an id is among them', () => {
  expect(named.length).toBeGreaterThan(12);
  expect(routes.length).toBeGreaterThan(4);
});
