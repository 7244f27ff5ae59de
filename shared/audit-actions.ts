/**
 * Everything the audit log can say that somebody did, or was refused. Those of `…use`, `runner.claim` and the reports of a
 * runner are written when they are refused; a claim that is granted is `payload.open`.
 */
export const AUDIT_ACTIONS = [
  ...(['workspace.create', 'workspace.rename', 'workspace.switch', 'workspace.policy'] as const),
  ...(['member.add', 'member.role', 'member.remove', 'invite.create', 'invite.revoke'] as const),
  ...(['session.open', 'session.close', 'session.revoke', 'sign_in_link.create', 'password.set'] as const),
  ...(['totp.enrol', 'totp.confirm', 'totp.remove', 'recovery_codes.create', 'recovery_codes.use'] as const),
  'login.link',
  ...(['key.create', 'key.rotate', 'key.revoke', 'key.use', 'key.new_network', 'key.acknowledge'] as const),
  ...(['domain.add', 'domain.prove', 'domain.remove'] as const),
  ...(['runner.create', 'runner.revoke', 'runner.use', 'runner.claim'] as const),
  ...(['runner.heartbeat', 'runner.complete', 'runner.fail', 'runner.release'] as const),
  ...(['capture.create', 'capture.cancel', 'capture.delete', 'capture.expire', 'capture.link'] as const),
  ...(['capture.hold', 'capture.release'] as const),
  ...(['payload.open', 'payload.revoke', 'payload.purge', 'pool_key.revoke'] as const),
  ...(['webhook.create', 'webhook.update', 'webhook.remove', 'webhook.rotate', 'webhook.disable'] as const),
  ...(['webhook.test', 'webhook.resend', 'webhook.recover'] as const),
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `server`: the instance itself (retention, the first start). `anyone`: somebody who did not say who he is. */
export const AUDIT_ACTORS = ['user', 'apiKey', 'operator', 'runner', 'server', 'anyone'] as const;
export type AuditActorKind = (typeof AUDIT_ACTORS)[number];
export const AUDIT_OUTCOMES = ['ok', 'refused'] as const;
