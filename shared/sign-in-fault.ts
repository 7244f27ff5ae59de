/** Why single sign-on did not let somebody in, as the sign-in page says it. Each names what to do. */
export const SIGN_IN_FAULTS = {
  canceled: { title: 'The sign-in was canceled', detail: 'You can begin again, or sign in by password.' },
  expired: {
    title: 'This sign-in cannot be finished',
    detail: 'It was begun in another browser or tab, or more than ten minutes ago. Begin again.',
  },
  provider_unavailable: {
    title: 'The sign-in service did not answer',
    detail: 'Try again in a moment. If it goes on, the operator finds the reason in the log of the server.',
  },
  provider_refused: {
    title: 'The answer of the sign-in service was not accepted',
    detail: 'Begin again. If it goes on, the operator finds the reason in the log of the server.',
  },
  clocks_differ: {
    title: 'The clocks differ',
    detail: 'The sign-in service and this server do not agree about the time. The operator has to set the clock of the server.',
  },
  email_unverified: {
    title: 'Your email address is not verified',
    detail: 'The sign-in service does not vouch for your email address. Verify it there, then begin again.',
  },
  email_domain: {
    title: 'This account is of another organization',
    detail: 'Only addresses of certain domains may sign in here. Choose another account, or ask an admin.',
  },
  email_taken: {
    title: 'This email address belongs to another account',
    detail: 'Somebody else of the same sign-in service uses it here already. Ask the operator of this instance.',
  },
  not_invited: {
    title: 'You are not invited yet',
    detail: 'Ask an admin of a workspace for an invite to your email address, then sign in again.',
  },
  too_many: { title: 'Too many attempts', detail: 'Wait a quarter of an hour, then begin again.' },
} as const;

export type SignInFaultCode = keyof typeof SIGN_IN_FAULTS;

/** Reads a code that came by an address; undefined for anything that is none. */
export function readSignInFault(text: unknown): SignInFaultCode | undefined {
  return Object.keys(SIGN_IN_FAULTS).find((code): code is SignInFaultCode => code === text);
}
