import { imageColor, type Rgb } from './site/make-image.ts';
import { ARTICLE_IMAGES, COLORS, LONG_IMAGES, LONG_STEP_PX, REPORT_PAGES, reportMark, SESSION, TOKEN } from './site/pages.ts';

/** A place in the picture, in CSS pixels from its top left corner, and the color that the finished page has there. */
export type Probe = { x: number; y: number; color: Rgb };
export type PageName = 'article' | 'dashboard' | 'long' | 'fonts' | 'account' | 'spinner' | 'live' | 'report';
/** One page of the corpus and what a complete capture of it shows. */
export type Case = { page: PageName; format: 'png' | 'pdf'; probes: readonly Probe[]; texts: readonly string[]; pages: number | null };

const header: Probe = { x: 1000, y: 40, color: COLORS.header };
const png = (page: PageName, ...probes: Probe[]): Case => ({ page, format: 'png', probes: [header, ...probes], texts: [], pages: null });
const images = (count: number, step: number): Probe[] =>
  Array.from({ length: count }, (_, index) => ({ x: 10, y: 110 + index * step, color: imageColor(index) }));

export const CASES: readonly Case[] = [
  png('article', ...images(ARTICLE_IMAGES, 600)),
  png(
    'dashboard',
    { x: 10, y: 395, color: COLORS.chart },
    { x: 1250, y: 395, color: COLORS.chart },
    { x: 1200, y: 1000, color: COLORS.table },
  ),
  png('long', ...images(LONG_IMAGES, LONG_STEP_PX)),
  png('fonts', { x: 4, y: 104, color: COLORS.display }, { x: 796, y: 296, color: COLORS.display }, { x: 4, y: 324, color: COLORS.text }),
  png('account', { x: 1200, y: 280, color: COLORS.account }),
  png('spinner', { x: 1200, y: 480, color: COLORS.chained }),
  png('live', { x: 1200, y: 380, color: COLORS.live }),
  {
    page: 'report',
    format: 'pdf',
    probes: [],
    texts: Array.from({ length: REPORT_PAGES }, (_, index) => reportMark(index + 1)),
    pages: REPORT_PAGES,
  },
];

export type StorageState = {
  cookies: {
    name: string;
    value: string;
    domain: string;
    path: string;
    expires: number;
    httpOnly: boolean;
    secure: boolean;
    sameSite: 'Lax' | 'Strict' | 'None';
  }[];
  origins: { origin: string; localStorage: { name: string; value: string }[] }[];
};

/** The signed-in state that every driver sends with every capture: one cookie and one item of localStorage. */
export function storageState(origin: string): StorageState {
  const { hostname } = new URL(origin);
  return {
    cookies: [{ name: 'sid', value: SESSION, domain: hostname, path: '/', expires: -1, httpOnly: true, secure: true, sameSite: 'Lax' }],
    origins: [{ origin, localStorage: [{ name: 'token', value: TOKEN }] }],
  };
}
