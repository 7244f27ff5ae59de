/**
 * A target URL as a caller may send it, what rest-api.md says of it, and why in a few words. Allowed are `*.example.com`,
 * `exact.example.org`, `app.acme.io:8443`, `*.bücher.example.net` and, privately, `localhost:4443`. `shown` is what the
 * capture says of an accepted one.
 */
export type UrlCase = readonly [
  url: string,
  expected: 'accepted' | 'invalid_target_url' | 'domain_not_allowed' | 'invalid_request',
  why: string,
  shown?: string,
];
export type UrlGroup = { readonly group: string; readonly cases: readonly UrlCase[] };
