import { expect, it } from 'vitest';
import { claimRequestSchema } from '#shared/runner-protocol.ts';
import { tellBrowsers } from './tell-browsers.ts';

it.each([
  ['156.0.8078.114', true],
  ['156.0', true],
  ['', false],
  ['HeadlessChrome/156.0.8078.114', false],
  ['156.0.8078.114-custom', false],
])('a runner whose browser calls itself %j can claim, and tells it where it is a version: %s', (version, isTold) => {
  const told = tellBrowsers({ sandbox: 'on', version, isOld: true });
  expect(claimRequestSchema.parse(told)).toMatchObject({ sandbox: 'on' });
  expect(told.browser).toEqual(isTold ? { version, isOld: true } : undefined);
});
