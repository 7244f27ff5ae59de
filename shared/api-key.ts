import { crc32 } from 'node:zlib';

/** The kinds of token and their prefixes; the form lets scanners and the server tell a fake without a look-up. */
export const TOKEN_PREFIXES = { apiKey: 'ss_live_', runner: 'ss_run_' } as const;
export type TokenKind = keyof typeof TOKEN_PREFIXES;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARS = 32;
const CHECK_CHARS = 6;

/** Makes a token: prefix, 32 base62 characters (190 bits), 6 base62 characters of the CRC-32 of all before them. */
export function makeToken(kind: TokenKind): string {
  let random = '';
  while (random.length < RANDOM_CHARS) {
    // 248 is the largest multiple of 62 in a byte: larger ones are drawn again so that every letter is equally likely.
    for (const byte of crypto.getRandomValues(new Uint8Array(64)))
      if (byte < 248 && random.length < RANDOM_CHARS) random += BASE62.charAt(byte % 62);
  }
  const body = TOKEN_PREFIXES[kind] + random;
  return body + checksum(body);
}

/** Tells whether a text has the form of such a token, checksum included. */
export function isWellFormedToken(kind: TokenKind, token: string): boolean {
  const prefix = TOKEN_PREFIXES[kind];
  if (token.length !== prefix.length + RANDOM_CHARS + CHECK_CHARS || !token.startsWith(prefix)) return false;
  if (!/^[0-9A-Za-z]+$/.test(token.slice(prefix.length))) return false;
  return checksum(token.slice(0, -CHECK_CHARS)) === token.slice(-CHECK_CHARS);
}

/** The public hint of a token: its first 8 random characters. */
export function tokenHint(kind: TokenKind, token: string): string {
  return token.slice(TOKEN_PREFIXES[kind].length, TOKEN_PREFIXES[kind].length + 8);
}

function checksum(text: string): string {
  let rest = crc32(text);
  let out = '';
  for (let i = 0; i < CHECK_CHARS; i++) {
    out = BASE62.charAt(rest % 62) + out;
    rest = Math.floor(rest / 62);
  }
  return out;
}
