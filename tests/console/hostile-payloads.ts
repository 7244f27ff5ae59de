/** What the shortest name takes that is longer than one text: an id in an address. */
const CHARS_MAX = 100;
const TAG_KEY_CHARS_MAX = 64;

/**
 * Texts that do harm where somebody takes them for markup, script, style, a template, SQL or a formula. None is longer than
 * 64 characters, and none begins or ends with a space: so each fits into every field. A script that runs says so by `pwned`
 * or by a dialog; a style or a frame that is drawn asks for something of evil.example.
 */
export const TEXTS: readonly string[] = [
  // Markup
  '<script>globalThis.pwned=1</script>',
  '<img src=x onerror=globalThis.pwned=1>',
  '<svg onload=globalThis.pwned=1>',
  '<svg><script>globalThis.pwned=1</script></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  '<iframe src=javascript:parent.pwned=1></iframe>',
  '<math><mtext><img src=x onerror=alert(1)></mtext></math>',
  '<a href="javascript:globalThis.pwned=1">here</a>',
  '<base href=//evil.example/>',
  '<meta http-equiv=refresh content=0;url=//evil.example/>',
  '<link rel=stylesheet href=//evil.example/x.css>',
  '&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;',
  // Out of an attribute, an element, a comment, CDATA
  '"><script>globalThis.pwned=1</script>',
  `'><img src=x onerror='alert(1)'>`,
  '" autofocus onfocus="globalThis.pwned=1" x="',
  `' onmouseover='globalThis.pwned=1' x='`,
  '</script><script>globalThis.pwned=1</script>',
  '</title></textarea><script>globalThis.pwned=1</script>',
  '--><script>globalThis.pwned=1</script><!--',
  ']]><script>globalThis.pwned=1</script>',
  // Addresses
  'javascript:globalThis.pwned=1',
  'JaVaScRiPt:alert(1)//',
  'data:text/html,<script>alert(1)</script>',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  // Styles
  'red;}body{background:url(//evil.example/x)}',
  '</style><style>*{background:url(//evil.example/x)}</style>',
  // Templates
  '{{constructor.constructor("globalThis.pwned=1")()}}',
  '\u0024{globalThis.pwned=1} #{globalThis.pwned=1} <%= 1 %>',
  // SQL, and formulas of spreadsheets
  "'; drop table capture; --",
  `' or '1'='1" or "1"="1`,
  "=cmd|' /C calc'!A0",
  '@SUM(1+1)*cmd',
  // What is not seen: directions, marks without a width, control characters of terminals
  'invoice\u202egnp.exe\u202c \u2066end\u2069',
  'zero\u200bwidth\u2060joined',
  'bell\u0007 \u001b[31mred\u001b]0;title\u0007 end',
];

/** The same, as many together as fit into a name: what is looked at page by page is looked at half as often. */
export const PAYLOADS: readonly string[] = bundle(TEXTS);

/** What no text of ours may hold: PostgreSQL takes no NUL, and half a character cannot be written as UTF-8. */
export const NO_TEXT: readonly string[] = ['nul\u0000<b>', 'half \ud800<b>'];

/** An address of the allowed host with a payload in its path. */
export function targetOf(payload: string): string {
  return `https://app.example.com/${encodeURIComponent(payload)}`;
}

/** As much of a payload as the key of a tag takes. */
export function tagKeyOf(payload: string): string {
  return payload.slice(0, TAG_KEY_CHARS_MAX);
}

function bundle(texts: readonly string[]): string[] {
  const bundles: string[] = [];
  for (const text of texts) {
    const longer = `${bundles.at(-1)} ${text}`;
    if (bundles.length > 0 && longer.length <= CHARS_MAX) bundles[bundles.length - 1] = longer;
    else bundles.push(text);
  }
  return bundles;
}
