import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

/** Values that a line break within one block parts are one value, and lines that stand under each other are not. */
const run = promisify(execFile);
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) =>
    html(
      `<title>t</title><style>.ib { display: inline-block }</style>${new URL(path, 'https://app.example.com').searchParams.get('html')}`,
    ),
  );
});
afterAll(() => site.close());

type Rules = Parameters<TestSite['capture']>[0]['redact'];
/** The lines of text in the PDF of a page with this content, and how many values were replaced. */
async function print(content: string, redact: Rules) {
  const url = `https://app.example.com/?html=${encodeURIComponent(content)}`;
  const result = await site.capture({ url, waitUntil: 'load', output: { format: 'pdf' }, redact });
  const file = result.ok ? result.file : expect.fail(result.failure.detail);
  const { stdout } = await run('pdftotext', ['-layout', file, '-']);
  const lines = stdout.split('\n').flatMap((line) => line.replaceAll('\f', '').trim() || []);
  return { lines, replaced: result.observed.controls?.redaction?.replaced };
}
const ssn = [{ regex: '\\b\\d{3}-\\d{2}-\\d{4}\\b' }];
const by = (pattern: 'card' | 'iban' | 'email' | 'phone' | 'jwt') => [{ pattern }];

describe('a value over a line break', () => {
  it.each<[string, Rules, string[]]>([
    ['Card 4111 1111<br>1111 1111 valid', by('card'), ['Card ████', 'valid']],
    ['4111 11<br>11 1111 1111', by('card'), ['████']],
    ['<b>4111<br>1111</b> <br>\n <i>1111</i><br>1111<br>Total 12', by('card'), ['████', 'Total 12']],
    ['Konto<br>DE89 3704 0044<br/>0532 0130 00<br>EUR', by('iban'), ['Konto', '████', 'EUR']],
    ['Mail<br>br-jane@<br>acme.com, or<br>call', by('email'), ['Mail', '████', ', or', 'call']],
    ['Mail br-jane<br>@acme.com', by('email'), ['Mail ████']],
    ['br-jane@acme.<br>com', by('email'), ['████']],
    ['Tel +49 30<br>901820 (day)', by('phone'), ['Tel ████', '(day)']],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOi<br>JwbGFudGVkIn0.c2ln', by('jwt'), ['████']],
    ['ID 123-45-<br>6789 here', ssn, ['ID ████', 'here']],
    ['Customer<br>Smith, Oslo', [{ regex: 'Customer \\w+' }], ['████', ', Oslo']],
    ['<span class="ib">123-45-</span><br><span class="ib">6789</span> here', ssn, ['████', 'here']],
    ['a@x.org 123-45-<br>6789 b@x.org<br>1', [...ssn, ...by('email')], ['████ ████', '████', '1']],
    ['br-jane@<wbr>acme.com', by('email'), ['████']],
  ])('%s', async (content, rules, lines) => {
    expect((await print(`<p>${content}</p>`, rules)).lines).toEqual(lines);
  });

  it('counts once, and what stays of its lines is not taken for the end of another', async () => {
    const { lines, replaced } = await print('<p>abc<br>de f<br>gh</p>', [{ regex: '[a-z█]{5}' }]);
    expect([lines, replaced]).toEqual([['████', 'f', 'gh'], 1]);
  });
});

describe('lines under each other', () => {
  it.each<[string, Rules, string[]]>([
    ['<p>12345678<br>87654321</p>', by('card'), ['12345678', '87654321']],
    ['<p>2014<br>2015<br>2016<br>2017<br>2018<br>2019<br>2020<br>2021<br>2022<br>2023<br>2024</p>', by('card'), []],
    ['<p>4111 1111 1111 1111<br>123</p>', by('card'), ['████', '123']],
    ['<p>DE89 3704 0044<br>0532 0130 01</p>', by('iban'), []],
    ['<p>Mail<br>br-jane@acme.com<br>Phone</p>', by('email'), ['Mail', '████', 'Phone']],
    ['<p>a@acme.com<br>b@acme.com</p>', by('email'), ['████', '████']],
    ['<p>Tel +49 30 901820<br>10115 Berlin</p>', by('phone'), ['Tel ████', '10115 Berlin']],
    ['<p>Name: Ann<br>Total 42</p>', [{ regex: 'Name: .*' }], ['████', 'Total 42']],
    ['<p>123-45-<br><br>6789</p>', ssn, []],
    ['<p>123-45-</p><p>6789</p>', ssn, []],
    ['<div>123-45-<br><div>6789</div></div>', ssn, []],
  ])('%s', async (content, rules, lines) => {
    const plain = content.split(/<[^>]*>/).filter((part) => part !== '');
    expect((await print(content, rules)).lines).toEqual(lines.length > 0 ? lines : plain);
  });

  it('are all searched where there are thousands', async () => {
    const script = "document.getElementById('log').innerHTML = Array.from({ length: 2000 }, (_, at) => at + ' ok').join('<br>')";
    const content = `<p id="log"></p><script>${script}</script><p>br-jane@<br>acme.com</p>`;
    const { lines, replaced } = await print(content, [...by('email'), ...by('card'), ...ssn]);
    expect(replaced).toBe(1);
    expect(lines.filter((line) => line.endsWith(' ok'))).toEqual(Array.from({ length: 2000 }, (_line, at) => `${at} ok`));
  });
});
