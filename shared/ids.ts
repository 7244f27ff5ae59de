import { z } from 'zod';

/** The type prefixes of every id the product hands out. */
export const ID_PREFIXES = {
  capture: 'cap',
  job: 'job',
  apiKey: 'key',
  allowedDomain: 'dom',
  workspace: 'ws',
  user: 'usr',
  runner: 'run',
  request: 'req',
  session: 'ses',
  invite: 'inv',
  auditEvent: 'aud',
  webhookEndpoint: 'whk',
  webhookEvent: 'evt',
  webhookDelivery: 'whd',
  webhookSecret: 'whs',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
export type Id<K extends IdKind> = string & { readonly __id: K };
export type CaptureId = Id<'capture'>;
export type JobId = Id<'job'>;
export type ApiKeyId = Id<'apiKey'>;
export type AllowedDomainId = Id<'allowedDomain'>;
export type WorkspaceId = Id<'workspace'>;
export type UserId = Id<'user'>;
export type RunnerId = Id<'runner'>;
export type InviteId = Id<'invite'>;
export type SessionId = Id<'session'>;
export type WebhookEndpointId = Id<'webhookEndpoint'>;
export type WebhookEventId = Id<'webhookEvent'>;
export type WebhookDeliveryId = Id<'webhookDelivery'>;
export type WebhookSecretId = Id<'webhookSecret'>;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BODY_LENGTH = 26;

/**
 * Makes an id that sorts by its time: prefix, underscore, and a ULID (48 bits of milliseconds, 80 random bits, in
 * Crockford's base 32; https://github.com/ulid/spec).
 */
export function makeId<K extends IdKind>(kind: K, now: number = Date.now()): Id<K> {
  let time = '';
  let rest = now;
  for (let i = 0; i < 10; i++) {
    time = CROCKFORD.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let random = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) random += CROCKFORD.charAt(byte % 32);
  return `${ID_PREFIXES[kind]}_${time}${random}` as Id<K>;
}

/** Tells whether `text` has the form of an id of this kind. Says nothing about whether such a thing exists. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${ID_PREFIXES[kind]}_`;
  return text.startsWith(prefix) && text.length === prefix.length + BODY_LENGTH && /^[0-9A-HJKMNP-TV-Z]+$/.test(text.slice(prefix.length));
}

/** Reads the instant in which an id was made, in milliseconds since the epoch. */
export function idTime(id: Id<IdKind>): number {
  const body = id.slice(id.indexOf('_') + 1);
  let time = 0;
  for (const letter of body.slice(0, 10)) time = time * 32 + CROCKFORD.indexOf(letter);
  return time;
}

/** A zod schema for one kind of id; its output type is the branded id. */
export function idSchema<K extends IdKind>(kind: K) {
  return z.custom<Id<K>>((value) => typeof value === 'string' && isId(kind, value), {
    message: `must be an id of the form ${ID_PREFIXES[kind]}_…`,
  });
}
