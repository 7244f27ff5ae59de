import type { Vectors } from './egress-vector.ts';

const at = (host: string) => `<img alt="" src="https://${host}/{NAME}">`;

/**
 * The same machine by other spellings, at the one port that every page may use: here nothing but the judgement of the
 * address stands between. The names are those of `egress-network.ts`.
 */
export const PLACES: Vectors = {
  'form-plain': at('127.0.0.1'),
  'form-decimal': at('2130706433'),
  'form-hexadecimal': at('0x7f000001'),
  'form-octal': at('0177.0.0.1'),
  'form-short': at('127.1'),
  'form-dot': at('127.0.0.1.'),
  'form-second': at('{SECOND}'),
  'form-mapped': at('[::ffff:127.0.0.1]'),
  'form-six': at('[::1]'),
  'form-localhost': at('localhost'),
  'form-localhost-dot': at('localhost.'),
  'form-below-localhost': at('inside.localhost'),
  'form-http': `<img alt="" src="http://localhost/{NAME}">`,
  'name-loopback': at('loop.canary.test'),
  'name-dot': at('loop.canary.test.'),
  'name-six': at('six.canary.test'),
  'name-mapped': at('mapped.canary.test'),
  'name-one-of-two': at('several.canary.test'),
};

/** A name that changes its address between two connections; the first answer closes its own. */
export const REBINDING: Vectors = {
  'name-rebinds': `const url = 'https://rebind.canary.test/{NAME}'; await fetch(url, { mode: 'no-cors' }); await fetch(url, { mode: 'no-cors', cache: 'reload' });`,
};

/** Ways of the main document itself; each is a capture of its own, of the page `/go/{NAME}`. */
export const NAVIGATIONS: Vectors = {
  'go-href': `<script>location.href = '{HTTPS}';</script>`,
  'go-replace': `<script>location.replace('{HTTPS}');</script>`,
  'go-late': `<script>onload = () => setTimeout(() => location.assign('{HTTPS}'), 200);</script>`,
  'go-navigation': `<script>navigation.navigate('{HTTPS}');</script>`,
  'go-refresh': `<meta http-equiv="refresh" content="0;url={HTTPS}">`,
  'go-form-get': `<form action="{HTTPS}"><input name="a" value="b"></form><script>document.forms[0].submit();</script>`,
  'go-form-post': `<form method="post" action="{HTTPS}"><input name="a" value="b"></form><script>document.forms[0].submit();</script>`,
  'go-link': `<a href="{HTTPS}">x</a><script>document.links[0].click();</script>`,
  'go-open-self': `<script>open('{HTTPS}', '_self');</script>`,
  'go-from-frame': `<iframe srcdoc="<script>top.location = '{HTTPS}'</script>"></iframe>`,
  'go-plain': `<script>location.href = '{HTTP}';</script>`,
  'go-bounce': `<script>location.href = '/bounce/{NAME}';</script>`,
};
