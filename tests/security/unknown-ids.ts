import type { Subject } from './cases/procedures.ts';

/** The same things with ids of the right form that nothing has. */
export function unknownOf(subject: Subject): Subject {
  const other = (id: string) => `${id.slice(0, -6)}${id.endsWith('000000') ? '111111' : '000000'}`;
  const { workspace, capture, key, domain, member, invite, session, webhook, delivery } = subject;
  return {
    ...subject,
    workspace: other(workspace),
    capture: other(capture),
    key: other(key),
    domain: other(domain),
    member: other(member),
    invite: other(invite),
    session: other(session),
    webhook: other(webhook),
    delivery: other(delivery),
  };
}

/** An answer without what differs from one request to the next. */
export function withoutIds(text: string): string {
  return text.replace(/req_\w+/g, 'req_').replace(/"path":"[^"]*"/g, '');
}
