const UNBOUNDED_MAX = 3;
const REPEATS_MAX = 100;

/**
 * Explains why an expression of a caller is refused, or answers null when it is fine. Refused are those that do not
 * compile, that match the empty text, and the forms whose time can grow beyond any bound: a repetition inside a repeated
 * group, alternatives inside a group that is repeated without end, a reference back to a group, and more than three
 * repetitions without end.
 */
export function regexFault(source: string, flags: string): string | null {
  try {
    if (new RegExp(source, flags).test('')) return 'matches the empty text: make it match at least one character';
  } catch {
    return 'is not a valid regular expression with these flags'; // SyntaxError; its text would quote the expression
  }
  return growthFault(source);
}

type Group = { hasRepeat: boolean; hasChoice: boolean };

function growthFault(source: string): string | null {
  const groups: Group[] = [{ hasRepeat: false, hasChoice: false }];
  let closed: Group | null = null;
  let unbounded = 0;
  for (let i = 0; i < source.length; ) {
    const atom = readAtom(source, i);
    i += atom.length;
    const top = groups.at(-1);
    if (/^\\(?:[1-9]|k<)/.test(atom)) return 'refers back to a group, which has no bound in time: write the text out';
    if (atom.startsWith('(')) {
      groups.push({ hasRepeat: false, hasChoice: false });
      closed = null;
      continue;
    }
    if (atom === '|' && top) top.hasChoice = true;
    closed = atom === ')' ? (groups.pop() ?? null) : null;
    const parent = groups.at(-1);
    if (closed && parent) parent.hasRepeat ||= closed.hasRepeat;
    const repeat = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(i));
    if (!repeat || atom === '|') continue;
    i += repeat[0].length;
    const most = maximumOf(repeat);
    if (most > 1 && closed?.hasRepeat)
      return 'repeats a group that holds a repetition, which has no bound in time: name the inner one’s exact count';
    if (most > REPEATS_MAX && Number.isFinite(most)) return `repeats more than ${REPEATS_MAX} times`;
    if (most === Number.POSITIVE_INFINITY) {
      if (closed?.hasChoice) return 'repeats alternatives without end: give the repetition a maximum, such as {1,20}';
      unbounded++;
    }
    const isFixed = repeat[0].startsWith('{') && (repeat[2] === '' || repeat[1] === repeat[3]);
    if (parent && !isFixed) parent.hasRepeat = true;
  }
  return unbounded > UNBOUNDED_MAX ? `holds more than ${UNBOUNDED_MAX} repetitions without end: give them a maximum, such as {1,20}` : null;
}

/** The next part of an expression: an escape, a class of characters, the opening of a group, or one character. */
function readAtom(source: string, at: number): string {
  const rest = source.slice(at);
  const part = /^(?:\\(?:u\{[^}]*\}|k<[^>]*>|[pP]\{[^}]*\}|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:<[^=!][^>]*>|<?[=!:]))?)/.exec(rest);
  return part?.[0] ?? rest.charAt(0);
}

function maximumOf(repeat: RegExpExecArray): number {
  const sign = repeat[0].charAt(0);
  if (sign === '?') return 1;
  if (sign !== '{') return Number.POSITIVE_INFINITY;
  if (repeat[2] === '') return Number(repeat[1]);
  return repeat[3] === '' ? Number.POSITIVE_INFINITY : Number(repeat[3]);
}
