import { expect, it } from 'vitest';
import { type ApiKeyActor, requireScope } from './actor.ts';

it('a scope that a key lacks is named with the command that makes a key with it', () => {
  const actor = { kind: 'apiKey', scopes: ['captures:read'] } as unknown as ApiKeyActor;
  expect(() => requireScope(actor, 'captures:script')).toThrow(/`sessionshot keys create NAME --scope captures:script`/);
  expect(() => requireScope(actor, 'captures:read')).not.toThrow();
});
