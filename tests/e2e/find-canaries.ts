import { randomBytes } from 'node:crypto';

/** Values that may be nowhere, by the place in which each was planted. */
export type Canaries = Record<string, string>;

/** Makes a value that nothing else holds. Letters and digits only: it survives URLs, JSON and SQL as it is. */
export function makeCanary(place: string): string {
  return `canary${place.replace(/\W/g, '')}${randomBytes(9).toString('hex')}`;
}

/** Names the places whose canary is somewhere in a text or in bytes: as it is, in hex, in base64 at any offset, or in UTF-16. */
export function findCanaries(content: string | Buffer, canaries: Canaries): string[] {
  const text = typeof content === 'string' ? content : content.toString('latin1');
  return Object.entries(canaries)
    .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
    .map(([place]) => place);
}

/** The forms in which a value could be written without being lost. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'latin1');
  return [
    value,
    bytes.toString('hex'),
    ...[0, 1, 2].map((shift) => base64Core(bytes, shift)),
    bytes.toString('latin1').split('').join('\0'),
  ];
}

/** What base64 makes of a value that begins `shift` bytes into a group of three, without the letters shared with its neighbors. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  return text.slice([0, 2, 3][shift], (shift + bytes.length) % 3 === 0 ? undefined : -1);
}
