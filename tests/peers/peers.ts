import { browserless } from './cases/browserless.ts';
import { browserlessNetwork } from './cases/browserless-network.ts';
import { captureWebsite } from './cases/capture-website.ts';
import { captureWebsiteMore } from './cases/capture-website-more.ts';
import { gotenbergHtml, gotenbergScreenshot } from './cases/gotenberg-more.ts';
import { gotenbergRefusals } from './cases/gotenberg-refusals.ts';
import { gotenbergUrl } from './cases/gotenberg-url.ts';
import { playwrightElement } from './cases/playwright-element.ts';
import { playwrightPage } from './cases/playwright-page.ts';
import { playwrightSession } from './cases/playwright-session.ts';
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
  {
    name: 'browserless',
    repo: 'browserless/browserless',
    commit: '0e2f33ed',
    license: 'SSPL-1.0',
    files: [],
    cases: [...browserless, ...browserlessNetwork],
  },
  {
    name: 'capture-website',
    repo: 'sindresorhus/capture-website',
    commit: 'f55e0411',
    license: 'MIT',
    files: [],
    cases: [...captureWebsite, ...captureWebsiteMore],
  },
  {
    name: 'Playwright',
    repo: 'microsoft/playwright',
    commit: 'd4e1023f',
    license: 'Apache-2.0',
    files: [],
    cases: [...playwrightPage, ...playwrightElement, ...playwrightSession],
  },
];
