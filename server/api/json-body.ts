import type { FieldError } from '#shared/problem.ts';
import { AppError } from '../domain/app-error.ts';
import { formatPath } from './field-errors.ts';

/** How deep JSON may be nested. A storage state with IndexedDB records has about twelve levels. */
const DEPTH_MAX = 100;

type Node = { value: unknown; key: string | number | null; parent: Node | null; depth: number };

/**
 * Reads a request body as JSON. Bytes that are not UTF-8 are refused, not repaired: a repaired cookie is a wrong cookie.
 * An empty body is `undefined`, so that calls that need none may send the header all the same.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's own message quotes the body, which may hold a secret: it is dropped on purpose.
    throw new AppError('invalid_json', 'The body could not be read as JSON in UTF-8.');
  }
}

/**
 * Finds what no text of ours may hold, anywhere in a parsed input: NUL (PostgreSQL refuses it), half a surrogate pair
 * (it cannot be written as UTF-8), the key `__proto__`, or nesting beyond the bound. Answers null when all is well. NUL in
 * the top-level member `judgedElsewhere` is passed over: of a target URL it is `invalid_target_url`, like any control character.
 */
export function findTextFault(input: unknown, judgedElsewhere?: string): FieldError | null {
  const stack: Node[] = [{ value: input, key: null, parent: null, depth: 0 }];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const fault = faultOf(node, node.depth === 1 && node.key === judgedElsewhere);
    if (fault) return { path: formatPath(pathOf(node)), message: fault };
    if (typeof node.value !== 'object' || node.value === null) continue;
    for (const [key, value] of Object.entries(node.value)) {
      stack.push({ value, key: Array.isArray(node.value) ? Number(key) : key, parent: node, depth: node.depth + 1 });
    }
  }
  return null;
}

/**
 * Puts U+FFFD in the place of what no text of ours may hold (NUL, half a surrogate pair), in every text of a parsed body, in
 * place. For reports of runners: what a page made of its own names must not keep the outcome of a capture from being filed.
 * Keys are left to the schemas, which know all that there are. Nesting costs no stack.
 */
export function repairText(body: unknown): void {
  const stack = [body];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'string' && textFault(value)) Reflect.set(node, key, value.replaceAll('\u0000', '\ufffd').toWellFormed());
      else stack.push(value);
    }
  }
}

function faultOf(node: Node, mayHoldNul: boolean): string | null {
  if (node.depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX} levels`;
  if (node.key === '__proto__') return 'Unknown key `__proto__`';
  if (typeof node.key === 'string') {
    const fault = textFault(node.key);
    if (fault) return `has a key that ${fault}`;
  }
  return typeof node.value === 'string' ? textFault(mayHoldNul ? node.value.replaceAll('\u0000', '') : node.value) : null;
}

function textFault(text: string): string | null {
  if (text.includes('\u0000')) return 'holds a NUL character';
  return text.isWellFormed() ? null : 'holds half of a surrogate pair (broken Unicode)';
}

function pathOf(node: Node): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Node | null = node; at; at = at.parent) if (at.key !== null) path.unshift(at.key);
  // A deep path would be longer than it is useful.
  return path.slice(0, 20).map((part) => (typeof part === 'string' ? part.replaceAll('\u0000', '').toWellFormed() : part));
}
