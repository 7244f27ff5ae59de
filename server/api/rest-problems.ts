import { PROBLEMS, type ProblemCode, problemSchema } from '#shared/problem.ts';

type ProblemResponse = { description: string; content: { 'application/problem+json': { schema: typeof problemSchema } } };

/** Documents the problems that a route can answer with: one response a status, its description naming the codes. */
export function problems(common: readonly ProblemCode[], own: readonly ProblemCode[]): Record<number, ProblemResponse> {
  const codes = new Map<number, ProblemCode[]>();
  for (const code of [...common, ...own]) codes.set(PROBLEMS[code].status, [...(codes.get(PROBLEMS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...codes].map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}
