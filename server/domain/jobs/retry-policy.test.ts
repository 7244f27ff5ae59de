import { expect, test } from 'vitest';
import { FAILURE_CODES, FAILURES } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import { decideRetry, type FailedAttempt } from './retry-policy.ts';

const failed = (more: Partial<FailedAttempt>): FailedAttempt => ({
  code: 'internal',
  httpStatus: null,
  attempt: 1,
  targetFailures: 0,
  sideEffects: false,
  retryAfterActions: false,
  ...more,
});
const latest = () => 0.999_999;

test('every code of the catalogue is decided by its class, and ends as itself when it is final', () => {
  for (const code of FAILURE_CODES) {
    const decision = decideRetry(failed({ code, httpStatus: 500 }), latest);
    expect([code, decision.retry]).toEqual([code, FAILURES[code].retry !== 'never']);
    expect(decideRetry(failed({ code, attempt: LIMITS.attemptsMax }))).toEqual({ retry: false, code });
  }
});

test('waits grow for faults of ours, up to a minute', () => {
  const waits = [1, 2, 3, 4].map((attempt) => decideRetry(failed({ attempt }), latest));
  expect(waits.map((wait) => wait.retry && wait.delayMs)).toEqual([2_000, 4_000, 8_000, 16_000]);
});

test('a fault of the page is tried again once, some seconds later', () => {
  expect(decideRetry(failed({ code: 'target_unreachable' }), latest)).toEqual({ retry: true, delayMs: 5_000 });
  expect(decideRetry(failed({ code: 'target_unreachable', targetFailures: 1, attempt: 2 }))).toEqual({
    retry: false,
    code: 'target_unreachable',
  });
});

test('an answer of the site below 500, or none that is known, is final', () => {
  for (const httpStatus of [404, 410, 429, null]) expect(decideRetry(failed({ code: 'target_http_error', httpStatus })).retry).toBe(false);
  for (const httpStatus of [500, 503]) expect(decideRetry(failed({ code: 'target_http_error', httpStatus })).retry).toBe(true);
});

test('after an action that may have had an effect nothing is repeated unless asked', () => {
  expect(decideRetry(failed({ sideEffects: true }))).toEqual({ retry: false, code: 'interrupted' });
  expect(decideRetry(failed({ code: 'action_timeout', sideEffects: true }))).toEqual({ retry: false, code: 'action_timeout' });
  expect(decideRetry(failed({ sideEffects: true, retryAfterActions: true })).retry).toBe(true);
});
