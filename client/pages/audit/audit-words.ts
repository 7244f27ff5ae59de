import type { ListedEntry } from '#shared/audit.ts';
import type { AuditAction, AuditActorKind } from '#shared/audit-actions.ts';

/** What was done, as a person would say it after a name. */
export const ACTION_WORDS: Record<AuditAction, string> = {
  'workspace.create': 'made the workspace',
  'workspace.rename': 'renamed the workspace',
  'workspace.switch': 'went to the workspace',
  'workspace.policy': 'changed where pages may load from',
  'member.add': 'joined',
  'member.role': 'changed a role',
  'member.remove': 'removed a member',
  'invite.create': 'made an invite',
  'invite.revoke': 'took an invite back',
  'session.open': 'signed in',
  'session.close': 'signed out',
  'session.revoke': 'ended a session',
  'sign_in_link.create': 'made a sign-in link',
  'password.set': 'set a password',
  'totp.enrol': 'began to set up an authenticator app',
  'totp.confirm': 'turned the authenticator app on',
  'totp.remove': 'removed the authenticator app',
  'recovery_codes.create': 'made recovery codes',
  'recovery_codes.use': 'used a recovery code',
  'login.link': 'was linked to single sign-on',
  'key.create': 'made an API key',
  'key.rotate': 'rotated an API key',
  'key.revoke': 'revoked an API key',
  'key.use': 'used an API key',
  'key.new_network': 'was used from a new network',
  'key.acknowledge': 'said that a new network is in order',
  'domain.add': 'allowed a domain',
  'domain.prove': 'proved a domain',
  'domain.remove': 'took a domain off the list',
  'runner.create': 'made a runner',
  'runner.revoke': 'revoked a runner',
  'runner.use': 'came with a runner’s token',
  'runner.claim': 'claimed a capture',
  'runner.heartbeat': 'reported progress',
  'runner.complete': 'reported a capture done',
  'runner.fail': 'reported a capture failed',
  'runner.release': 'gave a capture back',
  'capture.create': 'asked for a capture',
  'capture.cancel': 'canceled a capture',
  'capture.delete': 'deleted a capture',
  'capture.expire': 'deleted an old result',
  'capture.link': 'made a link to a result',
  'capture.hold': 'put a capture on hold',
  'capture.release': 'took a capture off hold',
  'webhook.create': 'added a webhook endpoint',
  'webhook.update': 'changed a webhook endpoint',
  'webhook.remove': 'removed a webhook endpoint',
  'webhook.rotate': 'made a new webhook secret',
  'webhook.disable': 'disabled a webhook endpoint',
  'webhook.test': 'sent a test event',
  'webhook.resend': 'sent an event again',
  'webhook.recover': 'sent missed events again',
  'payload.open': 'was given a sealed payload',
  'payload.revoke': 'ended a capture under an old key',
  'payload.purge': 'purged sealed payloads',
  'pool_key.revoke': 'revoked a pool key',
};

/** Kinds of actors, for filters and where there is no name. */
export const KIND_WORDS: Record<AuditActorKind, string> = {
  user: 'People',
  apiKey: 'API keys',
  operator: 'The operator',
  runner: 'Runners',
  server: 'The instance itself',
  anyone: 'Somebody unknown',
};
const ONE_OF: Record<AuditActorKind, string> = {
  user: 'A person who is gone',
  apiKey: 'A key that is gone',
  operator: 'The operator',
  runner: 'A runner that is gone',
  server: 'The instance itself',
  anyone: 'Somebody unknown',
};

/** Who it was: by name, where there is one. */
export function actorWords({ actor, actorName }: ListedEntry): string {
  return actorName ?? ONE_OF[actor.kind];
}
