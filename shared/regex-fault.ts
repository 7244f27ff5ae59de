const UNBOUNDED_MAX = 3;
const REPEATS_MAX = 100;
/** In how many ways the bounded parts of an expression may match one place. */
const WAYS_MAX = 100_000;

/**
 * Explains why an expression of a caller is refused, or answers null when it is fine. Refused are those that do not
 * compile, that match the empty text, and the forms whose time can grow beyond any bound: a repetition inside a repeated
 * group, alternatives inside a group that is repeated without end, a reference back to a group, more than three
 * repetitions without end, and bounded parts (`a?a?a?…`, `(x|x)(x|x)…`) that multiply to more than `WAYS_MAX` ways.
 */
export function regexFault(source: string, flags: string): string | null {
  const compiled = compile(source, flags);
  if (!compiled) return 'is not a valid regular expression with these flags';
  const growth = measureGrowth(source, flags);
  // Only now: an expression with too many ways would take its time on the empty text already.
  return growth.fault ?? (compiled.test('') ? 'matches the empty text: make it match at least one character' : null);
}

/** Estimates from above how many steps an expression without fault can take on a text of this length. */
export function regexSteps(source: string, flags: string, chars: number): number {
  const { ways, unbounded } = measureGrowth(source, flags);
  return ways * chars ** (unbounded + 1);
}

function compile(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(source, flags);
  } catch {
    return null; // SyntaxError; its text would quote the expression
  }
}

type Alternative = { ways: number; first: string | null; isEmpty: boolean };
type Group = { hasRepeat: boolean; hasChoice: boolean; done: Alternative[]; now: Alternative };
type Growth = { fault: string | null; ways: number; unbounded: number };

const newAlternative = (): Alternative => ({ ways: 1, first: null, isEmpty: true });
const newGroup = (): Group => ({ hasRepeat: false, hasChoice: false, done: [], now: newAlternative() });

function measureGrowth(source: string, flags: string): Growth {
  const isUnicode = flags.includes('u');
  const whole = newGroup();
  const groups: Group[] = [whole];
  let unbounded = 0;
  const growth = (fault: string | null = null): Growth => ({ fault, ways: waysOf(whole), unbounded });
  for (let i = 0; i < source.length; ) {
    const atom = readAtom(source, i, isUnicode);
    i += atom.length;
    if (/^\\(?:[1-9]|k<)/.test(atom)) return growth('refers back to a group, which has no bound in time: write the text out');
    if (atom.startsWith('(')) {
      groups.push(newGroup());
      continue;
    }
    const closed = atom === ')' && groups.length > 1 ? groups.pop() : undefined;
    const parent = groups.at(-1) ?? whole;
    if (atom === '|') {
      parent.hasChoice = true;
      parent.done.push(parent.now);
      parent.now = newAlternative();
      continue;
    }
    if (closed) parent.hasRepeat ||= closed.hasRepeat;
    const repeat = readRepeat(source.slice(i));
    i += repeat.length;
    const fault = repeatFault(repeat, closed);
    if (fault) return growth(fault);
    if (repeat.most === Number.POSITIVE_INFINITY) unbounded++;
    if (repeat.least !== repeat.most) parent.hasRepeat = true;
    add(parent.now, {
      ways: waysOfRepeat(closed ? waysOf(closed) : 1, repeat),
      first: repeat.least > 0 && !closed ? literalOf(atom) : null,
    });
    if (parent.now.ways > WAYS_MAX)
      return growth('can match one place in too many ways: name exact counts, and alternatives that begin with different letters');
  }
  if (waysOf(whole) > WAYS_MAX) return growth('has too many alternatives that begin alike');
  return growth(
    unbounded > UNBOUNDED_MAX ? `holds more than ${UNBOUNDED_MAX} repetitions without end: give them a maximum, such as {1,20}` : null,
  );
}

function add(to: Alternative, part: { ways: number; first: string | null }): void {
  if (to.isEmpty) to.first = part.first;
  to.isEmpty = false;
  to.ways *= part.ways;
}

/** Alternatives that begin with different letters exclude each other: then the choice itself adds no way. */
function waysOf({ done, now }: Group): number {
  const all = [...done, now];
  const firsts = all.map(({ first }) => first);
  const exclude = firsts.every((first) => first !== null) && new Set(firsts).size === all.length;
  return all.map(({ ways }) => ways).reduce((sum, ways) => (exclude ? Math.max(sum, ways) : sum + ways));
}

type Repeat = { length: number; least: number; most: number };

function waysOfRepeat(unit: number, { least, most }: Repeat): number {
  if (most === Number.POSITIVE_INFINITY) return unit; // counted apart
  let sum = 0;
  for (let count = least; count <= most && sum <= WAYS_MAX; count++) sum += unit ** count;
  return sum;
}

function repeatFault({ most }: Repeat, closed: Group | undefined): string | null {
  if (most > 1 && closed?.hasRepeat)
    return 'repeats a group that holds a repetition, which has no bound in time: name the inner one’s exact count';
  if (most > REPEATS_MAX && Number.isFinite(most)) return `repeats more than ${REPEATS_MAX} times`;
  if (most === Number.POSITIVE_INFINITY && closed?.hasChoice)
    return 'repeats alternatives without end: give the repetition a maximum, such as {1,20}';
  return null;
}

function readRepeat(rest: string): Repeat {
  const match = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(rest);
  if (!match) return { length: 0, least: 1, most: 1 };
  const { length } = match[0];
  if (match[1] !== undefined) return { length, least: match[1] === '+' ? 1 : 0, most: match[1] === '?' ? 1 : Number.POSITIVE_INFINITY };
  const least = Number(match[2]);
  return { length, least, most: match[3] === '' ? least : match[4] === '' ? Number.POSITIVE_INFINITY : Number(match[4]) };
}

/**
 * The next part of an expression: an escape, a class of characters, the opening of a group, or one character. Without the
 * flag u, `\u{2,9}` and `\p{2,9}` are a letter and its repetition.
 */
function readAtom(source: string, at: number, isUnicode: boolean): string {
  const rest = source.slice(at);
  const escaped = isUnicode ? /^\\(?:u\{[^}]*\}|k<[^>]*>|[pP]\{[^}]*\}|[\s\S])/ : /^\\(?:k<[^>]*>|[\s\S])/;
  const other = /^(?:\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:<[^=!][^>]*>|<?[=!:]))?)/;
  return escaped.exec(rest)?.[0] ?? other.exec(rest)?.[0] ?? rest.charAt(0);
}

/** The letter that a part stands for, in one case; null where it may be several, or other letters that fold to it. */
function literalOf(atom: string): string | null {
  if (/^[\w !"#%&',/:;<=>@`~-]$/.test(atom)) return atom.toLowerCase();
  return /^\\[^\w\s]$/.test(atom) ? atom.slice(1) : null;
}
