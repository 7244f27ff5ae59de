import type { Access } from '#server/api/procedures.ts';

/** Ids that a call may name: all of one workspace. `link` and `inviteToken` are one-time tokens, `signer` somebody with a password. */
export type Subject = {
  workspace: string;
  capture: string;
  key: string;
  /** A network new to that key, which it was used from. */
  keyNetwork: string;
  /** The whole text of that key. */
  keyText: string;
  domain: string;
  runner: string;
  member: string;
  invite: string;
  link: string;
  inviteToken: string;
  signer: string;
  session: string;
  webhook: string;
  /** A delivery that is over. */
  delivery: string;
};
export const PASSWORD = 'correct horse battery staple';

/**
 * A procedure as the matrix knows it. `access` is what it must declare: said twice on purpose, so that loosening one takes a
 * change here as well. `names`: its input names something of a workspace, which for another workspace does not exist.
 * `answers`: what those hear who may call it, where that is not success.
 */
export type ProcedureCase = {
  access: Access;
  input?: (subject: Subject, unique: string) => unknown;
  names?: true;
  answers?: string;
  /** What the operator hears, who comes without a browser. */
  operator?: string;
};

const REQUEST = { url: 'https://app.example.com/x', output: { format: 'png' } };
const byCapture = ({ capture }: Subject) => ({ id: capture });
const byWebhook = ({ webhook }: Subject) => ({ id: webhook });
const byKey = ({ key }: Subject) => ({ id: key });

export const PROCEDURES: Record<string, ProcedureCase> = {
  'auth.me': { access: 'user' },
  'auth.setupNeeded': { access: 'anyone' },
  'auth.signInWays': { access: 'anyone' },
  'auth.createOwner': {
    access: 'anyone',
    answers: 'forbidden', // there is an owner already
    input: (_subject, unique) => ({ name: 'Eve', email: `eve-${unique}@example.com`, password: PASSWORD, workspaceName: 'mine' }),
  },
  'auth.signIn': { access: 'anyone', operator: 'forbidden', input: ({ signer }) => ({ email: signer, password: PASSWORD }) },
  'auth.signInWithLink': { access: 'anyone', operator: 'forbidden', input: ({ link }) => ({ token: link }) },
  'auth.signOut': { access: 'user' },
  'auth.createSignInLink': { access: 'operator' },
  'auth.setPassword': { access: 'user', input: (_subject, unique) => ({ email: `${unique}@example.com`, password: PASSWORD }) },

  'totp.read': { access: 'user' },
  // Those of the matrix have no password: the case in which it goes through is in audit-log.test.ts.
  'totp.enrol': { access: 'user', answers: 'conflict', input: () => ({ password: PASSWORD }) },
  'totp.confirm': { access: 'user', answers: 'conflict', input: () => ({ code: '123456' }) },
  'totp.renewRecoveryCodes': { access: 'user', answers: 'conflict', input: () => ({ password: PASSWORD, code: '123456' }) },
  'totp.remove': { access: 'user', answers: 'conflict', input: () => ({ password: PASSWORD, code: '123456' }) },
  'totp.reset': { access: 'operator', answers: 'not_found', input: (_subject, unique) => ({ email: `${unique}@example.com` }) },

  'sessions.list': { access: 'user' },
  'sessions.end': { access: 'user', answers: 'not_found', input: ({ session }) => ({ id: session }) }, // of somebody else
  'sessions.endOthers': { access: 'user' },

  'captures.create': { access: 'captures:create', input: () => REQUEST },
  'captures.dryRun': { access: 'captures:create', input: () => REQUEST },
  'captures.get': { access: 'captures:read', names: true, input: byCapture },
  'captures.wait': { access: 'captures:read', names: true, input: ({ capture }) => ({ id: capture, seconds: 0 }) },
  'captures.list': { access: 'captures:read', input: () => ({ limit: 100 }) },
  'captures.issueLink': { access: 'captures:read', names: true, input: byCapture, answers: 'conflict' }, // it has no asset yet
  'captures.cancel': { access: 'captures:create', names: true, input: byCapture },
  'captures.remove': { access: 'captures:delete', names: true, input: byCapture },
  'captures.hold': { access: 'admin', names: true, input: byCapture },
  'captures.release': { access: 'admin', names: true, input: byCapture },
  'usage.read': { access: 'captures:read', input: () => ({ days: 7 }) },
  'usage.queue': { access: 'captures:read' },
  'captures.onChange': { access: 'captures:read', input: () => ({ lastEventId: 'before' }) },
  'captures.watch': { access: 'captures:read', names: true, input: byCapture },

  'keys.list': { access: 'admin' },
  'keys.create': { access: 'admin', input: (_subject, unique) => ({ name: unique, scopes: ['captures:read'] }) },
  'keys.revoke': { access: 'admin', names: true, input: byKey },
  'keys.acknowledgeNetwork': { access: 'admin', names: true, input: ({ key, keyNetwork }) => ({ id: key, network: keyNetwork }) },
  'keys.revokeLeaked': { access: 'anyone', input: ({ keyText }) => ({ key: keyText }) },
  'keys.rotate': { access: 'admin', names: true, input: ({ key }) => ({ id: key, overlapMs: 0 }) },

  'domains.list': { access: 'member' },
  'domains.add': { access: 'admin', input: (_subject, unique) => ({ domain: `${unique}.acme.io` }) },
  'domains.prove': { access: 'admin', names: true, input: ({ domain }) => ({ id: domain }) },
  'domains.remove': { access: 'admin', names: true, input: ({ domain }) => ({ id: domain }) },
  'domains.check': { access: 'member', input: () => ({ url: REQUEST.url }) },
  'domains.egressMode': { access: 'member' },
  'domains.setEgressMode': { access: 'admin', input: () => ({ mode: 'strict' }) },

  'runners.list': { access: 'captures:read' },
  'runners.createToken': { access: 'operator', input: (_subject, unique) => ({ name: unique }) },
  'runners.revoke': { access: 'operator', input: ({ runner }) => ({ id: runner }) }, // of the instance, not of a workspace

  'members.list': { access: 'admin' },
  'members.changeRole': { access: 'admin', names: true, input: ({ member }) => ({ userId: member, role: 'developer' }) },
  'members.remove': { access: 'admin', names: true, input: ({ member }) => ({ userId: member }) },
  'members.leave': { access: 'user' },

  'invites.list': { access: 'admin' },
  'invites.create': { access: 'admin', input: (_subject, unique) => ({ email: `${unique}@example.com`, role: 'viewer' }) },
  'invites.revoke': { access: 'admin', names: true, input: ({ invite }) => ({ id: invite }) },
  'invites.preview': { access: 'anyone', input: ({ inviteToken }) => ({ token: inviteToken }) },
  'invites.accept': {
    access: 'anyone',
    operator: 'forbidden',
    input: ({ inviteToken }) => ({ token: inviteToken, name: 'New', password: PASSWORD }),
  },

  'workspaces.list': { access: 'user' },
  'workspaces.create': { access: 'admin', operator: 'forbidden', input: (_subject, unique) => ({ name: unique }) },
  'workspaces.switch': { access: 'user', names: true, input: ({ workspace }) => ({ id: workspace }) },
  'workspaces.rename': { access: 'admin', input: (_subject, unique) => ({ name: unique }) },
  'poolKeys.list': { access: 'operator' },
  'poolKeys.revoke': { access: 'operator', input: (_subject, unique) => ({ kid: unique, evenIfUnknown: true }) },
  'payloads.survey': { access: 'operator' },
  'payloads.purge': { access: 'operator' },

  'audit.list': { access: 'admin' },
  'audit.export': { access: 'operator' },
  'audit.verify': { access: 'operator' },

  'webhooks.list': { access: 'webhooks:manage' },
  'webhooks.get': { access: 'webhooks:manage', names: true, input: byWebhook },
  // Of a listed host: a case before may have made the workspace strict.
  'webhooks.create': { access: 'webhooks:manage', input: (_subject, unique) => ({ url: `https://app.example.com/${unique}` }) },
  'webhooks.update': { access: 'webhooks:manage', names: true, input: ({ webhook }) => ({ id: webhook, description: 'changed' }) },
  'webhooks.rotateSecret': { access: 'webhooks:manage', names: true, input: byWebhook },
  'webhooks.rotateDefaultSecret': { access: 'webhooks:manage' },
  'webhooks.remove': { access: 'webhooks:manage', names: true, input: byWebhook },
  'webhooks.test': { access: 'webhooks:manage', names: true, input: byWebhook },
  'webhooks.recover': { access: 'webhooks:manage', names: true, input: ({ webhook }) => ({ id: webhook, since: '2026-01-01T00:00:00Z' }) },
  'webhooks.deliveries': { access: 'webhooks:manage' },
  'webhooks.delivery': { access: 'webhooks:manage', names: true, input: ({ delivery }) => ({ id: delivery }) },
  'webhooks.resend': { access: 'webhooks:manage', names: true, input: ({ delivery }) => ({ id: delivery }) },

  'system.health': { access: 'member' },
  'system.runnerKeys': { access: 'anyone' },
};
