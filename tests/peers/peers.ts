import { browserless } from './cases/browserless.ts';
import { browserlessNetwork } from './cases/browserless-network.ts';
import { captureWebsite } from './cases/capture-website.ts';
import { captureWebsiteMore } from './cases/capture-website-more.ts';
import { gotenbergHtml, gotenbergScreenshot } from './cases/gotenberg-more.ts';
import { gotenbergRefusals } from './cases/gotenberg-refusals.ts';
import { gotenbergUrl } from './cases/gotenberg-url.ts';
import { grafana } from './cases/grafana.ts';
import { grafanaRender } from './cases/grafana-render.ts';
import { microlink } from './cases/microlink.ts';
import { microlinkReady } from './cases/microlink-ready.ts';
import { playwrightCookies } from './cases/playwright-cookies.ts';
import { playwrightElement } from './cases/playwright-element.ts';
import { playwrightMask } from './cases/playwright-mask.ts';
import { playwrightPage } from './cases/playwright-page.ts';
import { playwrightScreen } from './cases/playwright-screen.ts';
import { playwrightSession } from './cases/playwright-session.ts';
import { shotScraper } from './cases/shot-scraper.ts';
import {
  BROWSERLESS_FILES,
  CAPTURE_WEBSITE_FILES,
  GOTENBERG_FILES,
  GRAFANA_FILES,
  MICROLINK_FILES,
  PLAYWRIGHT_FILES,
  SHOT_SCRAPER_FILES,
} from './left-out.ts';
import type { Peer } from './peer-case.ts';

/** Whose tests are re-expressed here, and at which commit they were read. Facts only: no line of theirs is in this repository. */
export const PEERS: readonly Peer[] = [
  {
    name: 'Gotenberg',
    repo: 'gotenberg/gotenberg',
    commit: '0b16b0ab',
    license: 'MIT',
    files: GOTENBERG_FILES,
    cases: [...gotenbergUrl, ...gotenbergHtml, ...gotenbergScreenshot, ...gotenbergRefusals],
  },
  {
    name: 'browserless',
    repo: 'browserless/browserless',
    commit: '0e2f33ed',
    license: 'SSPL-1.0',
    files: BROWSERLESS_FILES,
    cases: [...browserless, ...browserlessNetwork],
  },
  {
    name: 'capture-website',
    repo: 'sindresorhus/capture-website',
    commit: 'f55e0411',
    license: 'MIT',
    files: CAPTURE_WEBSITE_FILES,
    cases: [...captureWebsite, ...captureWebsiteMore],
  },
  {
    name: 'Playwright',
    repo: 'microsoft/playwright',
    commit: 'd4e1023f',
    license: 'Apache-2.0',
    files: PLAYWRIGHT_FILES,
    cases: [...playwrightPage, ...playwrightMask, ...playwrightElement, ...playwrightScreen, ...playwrightSession, ...playwrightCookies],
  },
  {
    name: 'shot-scraper',
    repo: 'simonw/shot-scraper',
    commit: '177f5abb',
    license: 'Apache-2.0',
    files: SHOT_SCRAPER_FILES,
    cases: shotScraper,
  },
  {
    name: 'Grafana image renderer',
    repo: 'grafana/grafana-image-renderer',
    commit: '5082ecfa',
    license: 'Apache-2.0',
    files: GRAFANA_FILES,
    cases: [...grafana, ...grafanaRender],
  },
  {
    name: 'Microlink browserless',
    repo: 'microlinkhq/browserless',
    commit: '584e825b',
    license: 'MIT',
    files: MICROLINK_FILES,
    cases: [...microlink, ...microlinkReady],
  },
];
