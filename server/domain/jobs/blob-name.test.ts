import { expect, test } from 'vitest';
import { makeId } from '#shared/ids.ts';
import { blobName, captureOfBlob, capturePrefix } from './blob-name.ts';

const owner = { workspaceId: makeId('workspace'), captureId: makeId('capture'), createdAt: new Date('2026-02-28T23:59:59Z') };

test('a blob lies under its workspace, month and capture, named by the attempt', () => {
  expect(blobName(owner, 3, 'jpeg')).toBe(`${owner.workspaceId}/2026/02/${owner.captureId}/3.jpg`);
  expect(blobName(owner, 3, 'jpeg').startsWith(capturePrefix(owner))).toBe(true);
  expect(captureOfBlob(blobName(owner, 12, 'pdf'))).toBe(owner.captureId);
});

test('a name that is not ours belongs to no capture', () => {
  const name = blobName(owner, 1, 'png');
  for (const strange of [
    '',
    'x',
    `${name}/x`,
    `x/${name}`,
    name.replace('cap_', 'job_'),
    name.replace('/1.png', '/note.txt'),
    name.replace('2026', 'year'),
  ]) {
    expect(captureOfBlob(strange)).toBeNull();
  }
});
