import type { PeerCase } from '../peer-case.ts';
import { bare, ONE, PDF, PNG } from './pages.ts';

const FOLDER = 'tests/acceptance';
const BASIC_FILE = `${FOLDER}/basic_render_test.go`;
const FAILURE_FILE = `${FOLDER}/expected_failures_test.go`;
const ZONE_FILE = `${FOLDER}/regression_935_test.go`;
const GLYPH_FILE = `${FOLDER}/regression_817_test.go`;

const tell = (expression: string) =>
  bare(`<p id="p"></p><script>document.querySelector('#p').textContent = 'it is ' + (${expression})</script>`);
const GLYPHS = { latin: 'Résumé', cyrillic: 'Привет', greek: 'Καλημέρα' };

export const grafana: readonly PeerCase[] = [
  {
    id: 'gr-pdf',
    from: [BASIC_FILE, 18],
    says: 'A page becomes a PDF',
    page: ONE,
    request: { output: PDF },
    expect: { contentType: 'application/pdf', text: ['Page 1'] },
  },
  {
    id: 'gr-png',
    from: [BASIC_FILE, 57],
    says: 'A page becomes a PNG',
    page: ONE,
    request: { output: PNG },
    expect: { contentType: 'image/png' },
  },
  {
    id: 'gr-no-token',
    from: [FAILURE_FILE, 11],
    says: 'A call without a token is refused with 401',
    call: { key: 'none' },
    expect: { refused: { status: 401, code: 'missing_api_key' } },
  },
  {
    id: 'gr-wrong-token',
    from: [FAILURE_FILE, 11],
    says: 'So is one with a wrong token',
    call: { key: 'wrong' },
    expect: { refused: { status: 401, code: 'invalid_api_key' } },
  },
  ...['file:///etc/passwd', 'chrome://version', 'ftp://localhost:21/', 'socket://localhost:8081/'].map(
    (url): PeerCase => ({
      id: `gr-scheme-${url.split(':')[0]}`,
      from: [FAILURE_FILE, 39],
      says: `A target of the scheme ${url.split(':')[0]} is refused`,
      request: { url },
      expect: { refused: { status: 422, code: 'invalid_target_url' } },
    }),
  ),
  {
    id: 'gr-no-url',
    from: [FAILURE_FILE, 66],
    says: 'A call without a URL is refused',
    call: { raw: '{"output":{"format":"png"}}' },
    expect: { refused: { status: 422, path: 'url' } },
  },
  {
    id: 'gr-empty-url',
    from: [FAILURE_FILE, 66],
    says: 'So is one with an empty URL',
    request: { url: '' },
    expect: { refused: { status: 422 } },
  },
  {
    id: 'gr-readiness-timeout',
    from: [FAILURE_FILE, 102],
    says: 'A page that is not ready in its time is an error that says so',
    page: ONE,
    request: { waitFor: { selector: '#never' }, timeouts: { readiness: 600 }, output: PDF },
    expect: { failed: 'readiness_timeout' },
  },
  {
    id: 'gr-zone',
    from: [ZONE_FILE, 29],
    says: 'The page sees the time zone that was asked for',
    page: tell('new Date(0).getHours() + " in " + Intl.DateTimeFormat().resolvedOptions().timeZone'),
    request: { timezoneId: 'America/New_York', output: PDF },
    expect: { text: ['it is 19 in America/New_York'] },
  },
  {
    id: 'gr-zone-wrong',
    from: [ZONE_FILE, 71],
    says: 'A time zone that does not exist gives a picture in the server’s zone',
    page: ONE,
    request: { timezoneId: 'Nowhere/Land', output: PDF },
    expect: { text: ['Page 1'] },
    miss: 'a zone that is not known is refused with 422: a wrong time in a report would go unnoticed',
  },
  ...Object.entries(GLYPHS).map(
    ([name, text]): PeerCase => ({
      id: `gr-glyphs-${name}`,
      from: [GLYPH_FILE, 20],
      says: `There is a font for ${name} letters`,
      page: bare(`<p style="font-family:sans-serif">${text}</p>`),
      request: { output: PDF },
      expect: { text: [text] },
    }),
  ),
];
