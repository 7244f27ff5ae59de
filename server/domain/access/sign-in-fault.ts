import type { SignInFaultCode } from '#shared/sign-in-fault.ts';

/** Single sign-on that did not let somebody in. `message` is for the log: words of ours and codes, no token and no name. */
export class SignInFault extends Error {
  readonly fault: SignInFaultCode;

  constructor(fault: SignInFaultCode, message: string = fault) {
    super(message);
    this.name = 'SignInFault';
    this.fault = fault;
  }
}
