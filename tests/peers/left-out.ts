import type { PeerFile } from './peer-case.ts';

/** Reasons that say the same of many cases. */
const ENGINE = 'works on PDF files, not on pages';
const HTML = 'HTML of the caller instead of a URL';
const LOCAL = 'files of the caller’s machine';
const NAMES = 'names of result files';
const DEPLOYMENT = 'settings of the peer’s server';
const SAME = 'same as a case of another file';
const AGAIN = 'the same as another case of the file';
const DRIVER = 'the page goes on after the picture, in the caller’s hands';
const INTERNAL = 'inner workings of the peer';
const CALLBACK = 'a function of the caller’s own process';
const TOOL = 'another tool than a capture';
const FIXTURE = 'needs Grafana, maps or fonts from outside';

const FEATURES = 'test/integration/features';
const ROUTES = 'src/routes/chromium/tests';
const ACCEPTANCE = 'tests/acceptance';

/** The files that were read, whole: each test of them is either a case here or named below by its line and the reason. */
export const GOTENBERG_FILES: readonly PeerFile[] = [
  {
    file: `${FEATURES}/chromium_convert_url.feature`,
    leftOut: {
      [ENGINE]: [937, 968, 999, 1024, 1049, 1084, 1097, 1133, 1205, 1217, 1229, 1242, 1263, 1367, 1380],
      'storage that leaks, as a default': [28],
      [AGAIN]: [489, 503, 527],
      [DEPLOYMENT]: [1306, 1357],
      [NAMES]: [1394],
    },
  },
  {
    file: `${FEATURES}/chromium_convert_html.feature`,
    leftOut: {
      [ENGINE]: [907, 939, 954, 969, 999, 1023, 1047, 1081, 1095, 1130, 1200, 1213, 1231, 1242, 1254, 1265, 1276, 1286, 1308, 1430, 1442],
      [SAME]: [
        8, 24, 83, 105, 126, 156, 186, 285, 315, 371, 447, 538, 550, 563, 574, 590, 607, 630, 650, 689, 1164, 1350, 1357, 1379, 1399, 1408,
        1455,
      ],
      [LOCAL]: [1369],
    },
  },
  { file: `${FEATURES}/chromium_screenshot_url.feature`, leftOut: { [SAME]: [59, 74], [DEPLOYMENT]: [84] } },
  {
    file: `${FEATURES}/chromium_screenshot_html.feature`,
    leftOut: { [SAME]: [8, 21, 31, 42, 163, 177], [INTERNAL]: [108], [DEPLOYMENT]: [186], [NAMES]: [196] },
  },
  { file: `${FEATURES}/chromium_concurrent.feature`, leftOut: { [DEPLOYMENT]: [13] } },
  { file: `${FEATURES}/chromium_convert_markdown.feature`, leftOut: { [HTML]: 41 } },
  { file: `${FEATURES}/chromium_screenshot_markdown.feature`, leftOut: { [HTML]: 7 } },
];

export const BROWSERLESS_FILES: readonly PeerFile[] = [
  { file: `${ROUTES}/screenshot.spec.ts`, leftOut: { [HTML]: [104], [DEPLOYMENT]: [326, 370] } },
  { file: `${ROUTES}/pdf.spec.ts`, leftOut: { [HTML]: [296], [DEPLOYMENT]: [211, 370] } },
  {
    file: 'src/network-security.spec.ts',
    leftOut: { [INTERNAL]: [29, 166, 229, 242, 260, 269, 285], [DEPLOYMENT]: [102, 127, 181, 194, 220], [AGAIN]: [212] },
  },
];

export const CAPTURE_WEBSITE_FILES: readonly PeerFile[] = [
  {
    file: 'test.js',
    leftOut: {
      [LOCAL]: [98, 105, 503, 558, 613, 1139],
      [HTML]: [112, 119, 951, 983, 1129, 1148, 1253],
      [NAMES]: [127, 138, 754],
      'two options for one header, where the contract has one': [1263],
      [CALLBACK]: [1287, 1344, 1360, 1371, 1430],
    },
  },
];

export const SHOT_SCRAPER_FILES: readonly PeerFile[] = [
  {
    file: 'tests/run_examples.sh',
    leftOut: {
      [NAMES]: [10, 11, 61],
      [LOCAL]: [14, 63, 114, 159, 175],
      [TOOL]: [48, 50, 53, 56, 65, 67],
      'other browsers and switches of the browser': [79, 81, 84, 87],
      [AGAIN]: [117, 122, 125, 130, 134, 139, 146, 162, 169],
    },
  },
  {
    file: 'tests/test_shot_scraper.py',
    leftOut: {
      [LOCAL]: [55, 64, 90, 106, 135, 148, 162, 175, 188, 207, 280, 312, 324, 339, 409, 419],
      [TOOL]: [19, 380, 522, 529, 557, 651, 705, 738, 835, 950, 1118, 1163, 1215, 1261, 1296],
    },
  },
  { file: 'tests/test_utils.py', leftOut: { [NAMES]: 4 } },
  { file: 'tests/test_video.py', leftOut: { [TOOL]: 5 } },
];

export const GRAFANA_FILES: readonly PeerFile[] = [
  { file: `${ACCEPTANCE}/basic_render_test.go`, leftOut: {} },
  { file: `${ACCEPTANCE}/expected_failures_test.go`, leftOut: {} },
  { file: `${ACCEPTANCE}/regression_935_test.go`, leftOut: {} },
  { file: `${ACCEPTANCE}/regression_817_test.go`, leftOut: {} },
  {
    file: `${ACCEPTANCE}/rendering_grafana_test.go`,
    leftOut: { [AGAIN]: [143, 564, 666, 678, 690], 'tables as CSV': [221], [FIXTURE]: [641, 653] },
  },
  { file: `${ACCEPTANCE}/overrides_test.go`, leftOut: { [DEPLOYMENT]: [66, 96, 137] } },
  ...['regression_676', 'regression_677', 'regression_680', 'regression_686', 'regression_694', 'chromium'].map(
    (name): PeerFile => ({ file: `${ACCEPTANCE}/${name}_test.go`, leftOut: { 'the peer’s container image': 1 } }),
  ),
  ...['metrics', 'liveness'].map((name): PeerFile => ({ file: `${ACCEPTANCE}/${name}_test.go`, leftOut: { [DEPLOYMENT]: [10] } })),
];

export const MICROLINK_FILES: readonly PeerFile[] = [
  { file: 'packages/goto/test/index.js', leftOut: { [INTERNAL]: [44, 248, 291] } },
  { file: 'packages/goto/test/unit/headers/index.js', leftOut: { [INTERNAL]: [65, 145] } },
  { file: 'packages/goto/test/unit/headers/parse-cookies.js', leftOut: { [INTERNAL]: 6 } },
  { file: 'packages/goto/test/unit/wait-until-auto.js', leftOut: { [INTERNAL]: [6] } },
  { file: 'packages/goto/test/unit/dismiss/index.js', leftOut: { [INTERNAL]: [79, 174, 190, 246, 280] } },
  { file: 'packages/screenshot/test/index.js', leftOut: { [INTERNAL]: [47], [NAMES]: [113] } },
  { file: 'packages/screenshot/test/prepare-full-document.js', leftOut: {} },
  { file: 'packages/screenshot/test/wait-for-ready-live.js', leftOut: { [INTERNAL]: [48, 83, 92, 104, 116, 130, 142, 161, 171] } },
  { file: 'packages/browserless/test/pdf.js', leftOut: { [INTERNAL]: [100, 150, 176, 203, 241, 280, 331, 390], [FIXTURE]: [358] } },
  { file: 'packages/browserless/test/shadow-dom.js', leftOut: { 'HTML as the result': [95, 106, 118, 198, 279] } },
  { file: 'packages/browserless/test/index.js', leftOut: { [INTERNAL]: 22 } },
];

export const PLAYWRIGHT_FILES: readonly PeerFile[] = [
  {
    file: 'tests/page/page-screenshot.spec.ts',
    leftOut: {
      [NAMES]: [290, 430, 438, 446, 455, 477],
      [DRIVER]: [250, 411, 504, 532, 541, 574, 591, 616, 743, 865, 889, 913],
      [FIXTURE]: [941],
    },
  },
  { file: 'tests/page/elementhandle-screenshot.spec.ts', leftOut: { [DRIVER]: [80], [NAMES]: [263, 273] } },
  { file: 'tests/library/screenshot.spec.ts', leftOut: { [DRIVER]: [102, 257, 276, 292, 302, 315, 331, 361] } },
  { file: 'tests/library/pdf.spec.ts', leftOut: { [NAMES]: [20], [SAME]: [29] } },
  {
    file: 'tests/library/browsercontext-storage-state.spec.ts',
    leftOut: {
      'a state read from a browser': [24, 314, 399, 543],
      [LOCAL]: [119, 294, 302, 619],
      [DRIVER]: [322],
      'passkeys of a virtual device': [578, 594],
    },
  },
  { file: 'tests/library/browsercontext-credentials.spec.ts', leftOut: { [DRIVER]: [37], [AGAIN]: [54, 105, 133, 150] } },
  {
    file: 'tests/library/browsercontext-add-cookies.spec.ts',
    leftOut: { [AGAIN]: [181, 227, 283], [DRIVER]: [134, 338, 353, 363, 455], 'sites over http': [375] },
  },
  { file: 'tests/page/page-set-extra-http-headers.spec.ts', leftOut: { [DRIVER]: [44] } },
];
