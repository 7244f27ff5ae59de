import { expect, test } from 'vitest';
import { armFaultPoint, FaultPointsRefused, faultPoint, readFaultPlan } from './fault-points.ts';

test('nothing is armed where the variable is absent or empty, and a point then costs nothing', () => {
  expect(readFaultPlan({})).toBeNull();
  expect(readFaultPlan({ SESSIONSHOT_FAULT_POINTS: '' })).toBeNull();
  expect(faultPoint('after_commit')).toBeUndefined();
});

test('start-up refuses an armed point outside of tests, whatever it reads', () => {
  for (const NODE_ENV of [undefined, '', 'production', 'development'])
    expect(() => readFaultPlan({ NODE_ENV, SESSIONSHOT_FAULT_POINTS: 'after_commit=kill' })).toThrow(/leave it out/);
});

test.each(['after_commit', 'nowhere=kill', 'after_commit=burn', '=', 'after_commit=kill=stop'])('%s is no plan', (given) => {
  expect(() => readFaultPlan({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: given })).toThrow(FaultPointsRefused);
});

test('an armed point is that one alone', () => {
  armFaultPoint(readFaultPlan({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: 'before_finish=stop' }));
  expect(faultPoint('after_upload')).toBeUndefined();
  armFaultPoint(null);
  expect(faultPoint('before_finish')).toBeUndefined();
});
