import { gotenbergHtml, gotenbergScreenshot } from './cases/gotenberg-more.ts';
import { gotenbergRefusals } from './cases/gotenberg-refusals.ts';
import { gotenbergUrl } from './cases/gotenberg-url.ts';
import type { Peer } from './peer-case.ts';

export const PEERS: readonly Peer[] = [
  {
    name: 'Gotenberg',
    repo: 'gotenberg/gotenberg',
    commit: '0b16b0ab',
    license: 'MIT',
    files: [],
    cases: [...gotenbergUrl, ...gotenbergHtml, ...gotenbergScreenshot, ...gotenbergRefusals],
  },
];
