import { expect, it } from 'vitest';
import { classifyPlaywrightError, navigationFailure } from './classify-playwright-error.ts';

const told = { proxy: { lastBlock: () => null }, documentStatus: null, isAnswered: false, isConditional: false };
const failureOf = (name: string) =>
  navigationFailure(classifyPlaywrightError(new Error(`page.goto: net::${name} at https://app.example.com/`)), 'app.example.com', told);

it.each([
  ['ERR_CERT_AUTHORITY_INVALID', /authority that the runner does not know.*SESSIONSHOT_EXTRA_CA_FILE/],
  ['ERR_CERT_COMMON_NAME_INVALID', /not made for this host/],
  ['ERR_CERT_DATE_INVALID', /expired.*renew it.*clock/],
  ['ERR_CERT_REVOKED', /revoked/],
  ['ERR_SSL_PROTOCOL_ERROR', /No trusted TLS connection/],
])('%s is told by its cause and remedy, and by no other', (name, says) => {
  const { code, detail } = failureOf(name);
  expect([code, detail]).toEqual(['target_tls_error', expect.stringMatching(says)]);
  expect(detail).toContain('app.example.com');
  expect(detail).toContain(name);
  expect(/not (made|valid) for this host/.test(detail)).toBe(name === 'ERR_CERT_COMMON_NAME_INVALID');
  expect(detail.includes('EXTRA_CA_FILE')).toBe(name === 'ERR_CERT_AUTHORITY_INVALID');
});
