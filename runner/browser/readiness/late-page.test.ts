import { expect, test } from 'vitest';
import { failure } from '#shared/failure.ts';
import { didNotSettle, waitNotMet, withoutRemedy } from './late-page.ts';

const detailOf = (why: string | { instead: string }) => failure('readiness_timeout', 'settle', why).detail;

test('to name something in `waitFor` is no remedy for who has done so', () => {
  expect(detailOf(didNotSettle('busy', {}))).toContain('Name what to wait for in `waitFor`');
  for (const why of [didNotSettle('busy', { waitFor: { selector: '#a' } }), waitNotMet('waitFor[1]')]) {
    expect(detailOf(why)).not.toContain('Name what to wait for');
    expect(detailOf(why)).toContain('`timeouts.readiness`');
  }
});

test('where another limit was the reason, what was waited for is left without its remedy', () => {
  expect(withoutRemedy(detailOf(didNotSettle('busy', {})))).toBe('It still waited for: busy.');
  expect(withoutRemedy(detailOf(didNotSettle('busy', { waitFor: [] })))).toBe('It still waited for: busy.');
  expect(withoutRemedy(detailOf(waitNotMet('waitFor')))).toBe('`waitFor` was not met in time.');
});
