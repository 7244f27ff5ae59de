import { expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { selectorFault, selectorSchema } from './selector.ts';

const FINE = [
  ...['#report', '.chart', 'main > section:nth-child(2)', 'a[href="/x"]', 'input[name=q]', 'button:visible', '*', 'h1, h2', 'my-element'],
  ...['button:has-text("Save")', 'article:has(> h2)', ':nth-match(button, 2)', 'input:right-of(#label)', 'tr:not(.head)', ':is(a, b)'],
  ...['text=Last 30 days', 'text="Exact"', 'text=/last \\d+ days/i', '"Sign in"', "'Sign in'", "text=It's here", 'text=a = b'],
  ...['role=button[name="Save"]', 'data-testid=chart', 'css=#x', 'css=a[href="x >> y"]', 'nth=0', 'visible=true'],
  ...['#a >> text=b', '#a >> nth=1', '*css=#a >> b', 'text="a >> b" >> #c', '#a>>#b', 'css=a[title="\\">>"] >> b', ' #a '],
];

const REFUSED: readonly [selector: string, why: RegExp][] = [
  ['', /empty/],
  ['   ', /empty/],
  ['a'.repeat(LIMITS.selectorCharsMax + 1), /at most 1000/],
  ['//div', /XPath/],
  ['(//div)[1]', /XPath/],
  ['((//div))[1]', /XPath/],
  ['..', /XPath/],
  ['xpath=//div', /engine `xpath`/],
  ['xpath =//div', /engine `xpath`/],
  ['#a >> //div', /XPath/],
  ['#a >> xpath=//div', /engine `xpath`/],
  ['_react=Button', /engine `_react`/],
  ['_vue=button', /engine `_vue`/],
  ['internal:control=enter-frame', /engine `internal:control`/],
  ['internal:text="x"', /engine `internal:text`/],
  ['#f >> internal:control=enter-frame >> #x', /engine `internal:control`/],
  ['*internal:text="x"', /engine `internal:text`/],
  ['id=x', /engine `id`/],
  ['css:light=#x', /engine `css:light`/],
  ['text:light=x', /engine `text:light`/],
  ['TEXT=x', /engine `TEXT`/],
  // Playwright reads these as two parts: a quote after other text of a `text=` part opens nothing.
  ["text=It's >> xpath=//div", /engine `xpath`/],
  ['text=5" >> internal:control=enter-frame', /engine `internal:control`/],
  [' text =a` >> _react=Button', /engine `_react`/],
  // With a line break in the text Playwright takes the quote for one and sees two parts again.
  ["text=\n' >> text=' >> xpath=..", /one line/],
  ['#a\u2028', /one line/],
  ['text=', /needs a value/],
  ['css=', /needs a value/],
  ['role= ', /needs a value/],
  ['#a >>', /empty part/],
  ['>> #a', /empty part/],
  ['#a >> >> #b', /empty part/],
  ['#', /not valid CSS/],
  ['a[', /not valid CSS: .*found the end$/],
  ['div:nth-child(', /not valid CSS/],
  ['css=a[', /not valid CSS/],
  ['a >> b[', /not valid CSS/],
  ['<div>', /not valid CSS/],
  ['a || b', /not valid CSS/],
  ['div >', /not valid CSS/],
];

test.each(FINE)('%s is fine', (selector) => {
  expect(selectorFault(selector)).toBeNull();
});

test.each(REFUSED)('%s is refused', (selector, why) => {
  expect(selectorFault(selector)).toMatch(why);
  expect(selectorSchema.safeParse(selector).error?.issues[0]?.message).toMatch(why);
});
