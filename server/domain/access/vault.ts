import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Secret } from '#shared/secret.ts';
import type { Vault } from '../ports.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Makes the vault: AES-256-GCM, `use` as its additional data. The first key seals, every key opens, so that a new key can be
 * put before the old one. A sealed text reads `v1.KEY.TEXT`: the mark of its key, and nonce, cipher text and tag.
 */
export function createVault(keys: readonly Secret<Uint8Array>[]): Vault {
  const opened = keys.map((key) => key.reveal());
  if (opened.some((key) => key.length !== KEY_BYTES)) throw new Error(`A key of the server must have ${KEY_BYTES} bytes.`);
  const byMark = new Map(opened.map((key) => [markOf(key), key]));
  const [first] = opened;
  if (!first) throw new Error('A vault needs a key.');
  return {
    seal(text, use) {
      // 96 random bits are safe for four thousand million texts under one key.
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, first, iv).setAAD(Buffer.from(use));
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${markOf(first)}.${sealed.toString('base64url')}`;
    },
    open(sealed, use) {
      const [version, mark = '', text = ''] = sealed.split('.');
      const key = version === 'v1' ? byMark.get(mark) : undefined;
      const bytes = Buffer.from(text, 'base64url');
      return key && bytes.length >= IV_BYTES + TAG_BYTES ? decipher(bytes, key, use) : null;
    },
  };
}

function decipher(bytes: Buffer, key: Uint8Array, use: string): string | null {
  const end = bytes.length - TAG_BYTES;
  const cipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(use))
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(IV_BYTES, end)), cipher.final()]).toString('utf8');
  } catch {
    return null; // the tag does not fit, which is all that can be told
  }
}

/** Which key it was, without telling anything of it. */
function markOf(key: Uint8Array): string {
  return createHash('sha256').update('sessionshot vault key').update(key).digest('base64url').slice(0, 8);
}
