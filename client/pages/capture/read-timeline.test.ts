import { expect, test } from 'vitest';
import { readTimeline } from './read-timeline.ts';

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const names = (steps: ReturnType<typeof readTimeline>) => steps.map((step) => `${step.name} ${step.state}`);

test('a capture in the queue has done one step, is in the second, and the rest lies ahead', () => {
  const steps = readTimeline({
    status: 'queued',
    timeline: [
      { step: 'requested', at: at(0) },
      { step: 'queued', at: at(4) },
    ],
  });
  expect(names(steps)).toEqual(['Requested done', 'Queued now', 'Processing ahead', 'Stored ahead', 'Link issued ahead']);
  expect(steps[1]?.tookMs).toBe(4);
});

test('a finished capture without a link says that the link comes with its first use', () => {
  const timeline = (['requested', 'queued', 'processing', 'stored'] as const).map((step, index) => ({ step, at: at(index * 100) }));
  const steps = readTimeline({ status: 'succeeded', timeline });
  expect(names(steps)).toEqual(['Requested done', 'Queued done', 'Processing done', 'Stored done', 'Link issued ahead']);
  expect(steps.at(-1)?.note).toBe('on first use');
});

test('a failure stands after the last step that was reached, with its place, and the rest did not happen', () => {
  const timeline = [
    { step: 'requested' as const, at: at(0) },
    { step: 'queued' as const, at: at(1) },
    { step: 'processing' as const, at: at(10) },
    { step: 'failed' as const, at: at(500), detail: 'navigate' },
  ];
  const steps = readTimeline({ status: 'failed', timeline });
  expect(names(steps)).toEqual([
    'Requested done',
    'Queued done',
    'Processing done',
    'Failed failed',
    'Stored skipped',
    'Link issued skipped',
  ]);
  expect(steps[3]).toMatchObject({ note: 'navigate', tookMs: 490 });
});

test('a capture that was canceled in the queue never ran', () => {
  const timeline = [
    { step: 'requested' as const, at: at(0) },
    { step: 'queued' as const, at: at(1) },
    { step: 'canceled' as const, at: at(5) },
  ];
  expect(names(readTimeline({ status: 'canceled', timeline }))[2]).toBe('Canceled canceled');
});
