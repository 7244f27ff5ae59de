import { devices } from 'playwright';
import { expect, test } from 'vitest';
import { DEVICE_NAMES } from '#shared/device-names.ts';

test('the device names of the contract are those of the pinned Playwright', () => {
  expect([...DEVICE_NAMES]).toEqual(Object.keys(devices));
});
