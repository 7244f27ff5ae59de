import { describe, expect, test } from 'vitest';
import { redactSchema } from './redact.ts';
import { findMatches, type TextRule } from './redact-matches.ts';
import { regexFault } from './regex-fault.ts';

const found = (text: string, rule: TextRule) => findMatches(text, rule).map(({ start, end }) => text.slice(start, end));
const fault = (rules: unknown) => {
  const issue = redactSchema.safeParse(rules).error?.issues[0];
  return issue ? `${issue.path.join('.')}: ${issue.message}` : null;
};

describe('findMatches', () => {
  test.each<[TextRule['kind'], string, string[]]>([
    [
      'email',
      "write to ann@example.com, or Bob <bob.o'neil+x@mail.example.co.uk>.",
      ['ann@example.com', "bob.o'neil+x@mail.example.co.uk"],
    ],
    ['email', 'müller@bücher.example and 田中@例え.テスト', ['müller@bücher.example', '田中@例え.テスト']],
    ['email', 'to "jane roe"@acme.com or "a" and "b c"', ['"jane roe"@acme.com']],
    ['email', 'a@b, @handle, user@localhost, 3@4', []],
    ['card', 'Visa 4111 1111 1111 1111, Amex 3400-000000-00009.', ['4111 1111 1111 1111', '3400-000000-00009']],
    [
      'card',
      '4111.1111.1111.1111, 5500_0000_0000_0004 or 3400.000000.00009.',
      ['4111.1111.1111.1111', '5500_0000_0000_0004', '3400.000000.00009'],
    ],
    ['card', '4111.1111_1111.1111 and 1.4111.1111.1111.1111 and 4111.1111.1111.1112 and 41.111.111.111.111.111', []],
    ['card', '6011.0000.0000.0004 5500 0000 0000 0004', ['6011.0000.0000.0004', '5500 0000 0000 0004']],
    ['card', 'card 4111111111111111 expires 12 2028', ['4111111111111111']],
    ['card', 'order 2024 5500 0000 0000 0004 paid', ['5500 0000 0000 0004']],
    ['card', '4111 1111 1111 1112 and 12345678901234567890 and 0000 0000 0000 0000', []],
    ['iban', 'IBAN DE89 3704 0044 0532 0130 00 EUR 500', ['DE89 3704 0044 0532 0130 00']],
    ['iban', 'GB82WEST12345698765432; gb82 west 1234 5698 7654 32', ['GB82WEST12345698765432', 'gb82 west 1234 5698 7654 32']],
    ['iban', 'DE89 3704 0044 0532 0130 01, XX89 3704 0044 0532 0130 00, DE89 3704', []],
    ['iban', 'ref AB12 NL91 ABNA 0417 1643 00', ['NL91 ABNA 0417 1643 00']],
    ['phone', 'call +49 30 901820 or +1 (415) 555-2671 now', ['+49 30 901820', '+1 (415) 555-2671']],
    ['phone', '+12 and 030 901820 and 1+12345678', []],
    ['jwt', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln end', ['eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln']],
  ])('%s in "%s"', (kind, text, expected) => {
    if (kind !== 'regex') expect(found(text, { kind })).toEqual(expected);
  });

  test('an expression of the caller finds every place, with its flags', () => {
    expect(found('EMP-12 emp-34', { kind: 'regex', source: 'emp-\\d+', flags: 'i' })).toEqual(['EMP-12', 'emp-34']);
  });

  test('long text without a match takes time in proportion to its length', () => {
    const text = `${'a.b-'.repeat(50_000)} ${'4 '.repeat(50_000)} ${'DE12 '.repeat(50_000)} ${'+1 '.repeat(50_000)}`;
    for (const kind of ['email', 'card', 'iban', 'phone', 'jwt'] as const) expect(found(text, { kind })).toEqual([]);
  });
});

describe('redact', () => {
  test.each([
    [[]],
    [[{ selector: '.email' }, { pattern: 'email' }]],
    [[{ selector: 'text=Salary' }, { pattern: 'card', replacement: '' }, { regex: '\\bEMP-\\d{6}\\b', flags: 'iu', replacement: '[id]' }]],
  ])('takes %j', (rules) => {
    expect(fault(rules)).toBeNull();
  });

  test.each([
    [[{}], '0: needs exactly one of'],
    [[{ selector: '.a', pattern: 'email' }], '0: needs exactly one of'],
    [[{ selector: 'a[' }], '0.selector: is not valid CSS'],
    [[{ pattern: 'mail' }], '0.pattern: '],
    [[{ pattern: 'email', flags: 'i' }], '0.flags: goes with `regex` only'],
    [[{ regex: '(' }], '0.regex: is not a valid regular expression'],
    [[{ regex: 'a', flags: 'g' }], '0.flags: may hold'],
    [[{ regex: 'a', flags: 'uu' }], '0.regex: is not a valid'],
    [[{ regex: 'a*' }], '0.regex: matches the empty text'],
    [[{ regex: '(a+)+$' }], '0.regex: repeats a group'],
    [[{ pattern: 'email', replacement: 'x@example.com' }], '0.replacement: is itself'],
    [[{ selector: '.a', replacement: 'EMP-1' }, { regex: 'EMP-\\d' }], '0.replacement: is itself'],
    [[{ selector: '.a', replacement: 'x'.repeat(101) }], '0.replacement: '],
    [[{ selector: '.a', replacment: '' }], '0: Unknown key `replacment`: did you mean `replacement`?'],
    [Array.from({ length: 51 }, () => ({ pattern: 'email' })), ': '],
  ])('refuses %j', (rules, why) => {
    expect(fault(rules)?.startsWith(why)).toBe(true);
  });

  test('expressions that would take long on the replacements are refused before they are tried', () => {
    const rules = Array.from({ length: 25 }, (_, at) => ({ regex: 'x.*.*.*y', replacement: `${at}`.padEnd(100, 'x') }));
    expect(fault(rules)).toMatch(/takes too long/);
    expect(fault(rules.map(({ regex }) => ({ regex, replacement: '[gone]' })))).toBeNull();
  });

  test.each([
    '\\d{3}-\\d{4}',
    'Customer\\s+\\w+',
    '(?:[ -]\\d{4}){3}',
    '(?<=ID: )\\w{1,20}',
    '[A-Z]{2}\\d{6,9}',
    '(foo|bar) baz',
    '[(+*]+\\w',
    '(?:a|b){1,20}x',
    '\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}',
    '[\\w.]{1,64}@\\w{1,63}\\.\\w{2,10}',
    '(?:invoice|order|ticket) \\d+',
    'colou?r',
    '(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)(a|b|c)',
  ])('the expression %s is taken', (source) => {
    expect(regexFault(source, '')).toBeNull();
  });

  test.each([
    '(a+)+$',
    '(a|a)*b',
    '(x+x+)+y',
    '(\\d+\\s?)+kg',
    '(\\w+)-\\1',
    '(?<n>\\w+)-\\k<n>',
    '((ab)+)*c',
    'a+b+c+d+e',
    '(?:a{1,50}){1,50}b',
    'a{1,1000}b',
    // What multiplies without a repetition in a repetition
    `${'a?'.repeat(40)}${'a'.repeat(40)}`,
    `${'a{0,100}'.repeat(20)}b`,
    `${'(a|a)'.repeat(60)}b`,
    `${'(a?|b?)'.repeat(50)}z`,
    '(?:a|a){50}b',
    '(?:aa|a){30}b',
    '(?:(?:a|a)(?:a|a)){15}b',
    `${'(?:a|\\w)'.repeat(30)}b`,
    `${'(?:s|ſ)'.repeat(30)}b`,
    // Without the flag u these are a letter and its repetition
    `${'\\u{0,99}'.repeat(20)}b`,
    `${'\\p{0,99}'.repeat(20)}b`,
  ])('the expression %s is refused', (source) => {
    expect(regexFault(source, '')).not.toBeNull();
  });
});
