import { expect, test } from 'vitest';
import { isFiltered, readCaptureSearch, readTag } from './capture-search.ts';

test('an address with unknown, empty or doubled filters is read without them', () => {
  expect(readCaptureSearch({ status: 'done', host: '', reference: ['a', 'b'], tag: 'a:b', other: '1' })).toEqual({ tag: 'a:b' });
  expect(readCaptureSearch({ status: 'failed' }).status).toBe('failed');
});

test('a page further on is not a filter', () => {
  expect(isFiltered({ cursor: 'abc' })).toBe(false);
  expect(isFiltered({ tag: 'a:b' })).toBe(true);
});

test('a tag is split at its first colon; half a tag filters nothing', () => {
  expect(readTag('url:https://x')).toEqual({ tagKey: 'url', tagValue: 'https://x' });
  for (const half of [undefined, '', 'a', ':b', 'a:']) expect(readTag(half)).toEqual({});
});
