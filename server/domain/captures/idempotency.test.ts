import { expect, test } from 'vitest';
import { makeId } from '#shared/ids.ts';
import { secret } from '#shared/secret.ts';
import type { OperatorActor } from '../access/actor.ts';
import { canonicalJson, readIdempotency } from './idempotency.ts';

const actor = (key: string): OperatorActor => ({
  kind: 'operator',
  workspaceId: makeId('workspace'),
  fingerprintKey: secret(Buffer.from(key)),
});

test('bodies that say the same have the same form, at every depth', () => {
  expect(canonicalJson({ b: [{ y: 1, x: 'é' }], a: null })).toBe(canonicalJson(JSON.parse('{"a":null,"b":[{"x":"\\u00e9","y":1.0}]}')));
  expect(canonicalJson({ a: [1, 2] })).not.toBe(canonicalJson({ a: [2, 1] }));
  expect(canonicalJson({ a: '1' })).not.toBe(canonicalJson({ a: 1 }));
  expect(canonicalJson({ 'a":1,"b': 2 })).not.toBe(canonicalJson({ a: 1, b: 2 }));
});

test('the fingerprint of a body cannot be made without the key of the caller', () => {
  const body = { auth: { bearer: 'guess' } };
  const of = (key: string) => readIdempotency(actor(key), 'k', body)?.fingerprint;
  expect(of('one')).toBe(of('one'));
  expect(of('one')).not.toBe(of('two'));
});
