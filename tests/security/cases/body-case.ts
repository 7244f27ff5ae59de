/**
 * A body as a caller may send it: what is put over a request that is fine, and the path at which it is refused with 422
 * `invalid_request`, or `accepted`. `CANARY` stands for the planted secret. `undefined` takes a member away.
 */
export type BodyCase = readonly [why: string, over: object, expected: string];
export type BodyGroup = { readonly group: string; readonly cases: readonly BodyCase[] };

export const ACCEPTED = 'accepted';
export const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
