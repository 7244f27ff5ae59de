import { median } from '../measure/statistics.ts';
import { type Goal, isMet } from '../report/goals.ts';
import { goalTable, markdown } from '../report/tables.ts';
import type { ApiResult, Turn } from './measure-api.ts';

const GROWN_MIB_MAX = 64;

/** The goals of the accept path; ratios are medians over the turns of the ratio within a turn. */
function judgeApi({ turns, overload }: ApiResult): Goal[] {
  const ratio = (what: Turn['what'], read: (side: Turn['product']) => number) =>
    median(turns.filter((turn) => turn.what === what).map(({ product, reference }) => read(product) / read(reference)));
  return [
    goal(
      '`POST /api/captures`, 4 KiB / one INSERT, calls per second',
      ratio('POST', ({ perSecond }) => perSecond),
      { least: 0.4 },
    ),
    goal(
      '`POST /api/captures`, p99 at 100 connections / one INSERT',
      ratio('POST', ({ p99 }) => p99),
      { most: 3 },
    ),
    goal(
      '`GET` of a finished capture with its link / one SELECT, calls per second',
      ratio('GET', ({ perSecond }) => perSecond),
      { least: 0.7 },
    ),
    {
      what: 'memory of the server grown under ten times of what it admits',
      value: overload.grownMiB,
      bound: { most: GROWN_MIB_MAX },
      unit: 'MiB',
    },
    { what: 'refusals without `Retry-After`', value: overload.withoutRetryAfter, bound: { most: 0 }, unit: '' },
    { what: 'a call after the longest `Retry-After` is admitted', value: overload.isWordKept ? 1 : 0, bound: { least: 1 }, unit: '' },
  ];
}

function goal(what: string, value: number, bound: Goal['bound']): Goal {
  return { what, value: Number.isFinite(value) ? value : null, bound, unit: '×' };
}

export function isApiMet(result: ApiResult): boolean {
  return judgeApi(result).every((each) => isMet(each) === true);
}

export function apiTable(result: ApiResult): string {
  const figures = (turns: readonly Turn[], side: 'product' | 'reference') => [
    median(turns.map((turn) => turn[side].perSecond)).toFixed(0),
    median(turns.map((turn) => turn[side].p99)).toFixed(0),
  ];
  const rows = (['POST', 'GET'] as const).flatMap((what) => {
    const turns = result.turns.filter((turn) => turn.what === what);
    return (['product', 'reference'] as const).map((side) => [what, side, ...figures(turns, side)]);
  });
  const { admitted, refused } = result.overload;
  return [
    goalTable(judgeApi(result)),
    markdown(['call', 'side', 'per second', 'p99, ms'], rows),
    `Overload: ${admitted} admitted, refused ${JSON.stringify(refused)}.`,
  ].join('\n\n');
}
