/** What a rule looks for in text. `regex` is the caller's own expression. */
export const REDACT_PATTERNS = ['email', 'card', 'iban', 'phone', 'jwt'] as const;
export type TextRule = { kind: (typeof REDACT_PATTERNS)[number] } | { kind: 'regex'; source: string; flags: string };
export type TextMatch = { start: number; end: number };

/**
 * Finds what a rule looks for: places in UTF-16 units, in order, not overlapping. A card number must pass Luhn's check, an
 * IBAN its country's length and the check of ISO 7064; both may be grouped by single spaces or hyphens, a card in its
 * printed form (4-4-4-4, 4-6-5) also by dots or underscores. Expects text as
 * a reader sees it, without invisible characters. It is also sent into pages as text: it uses nothing from outside itself.
 */
export function findMatches(text: string, rule: TextRule): TextMatch[] {
  // Length of the IBAN of each country of the registry.
  const IBAN =
    'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30';
  const all = (expression: RegExp) =>
    [...text.matchAll(expression)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
  const passesLuhn = (digits: string) => {
    let sum = 0;
    for (let i = 0; i < digits.length; i++) {
      const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
      sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 === 0 && /[1-9]/.test(digits);
  };
  const passesMod97 = (iban: string) => {
    let rest = 0;
    for (const letter of iban.slice(4) + iban.slice(0, 4)) rest = Number(`${rest}${Number.parseInt(letter, 36)}`) % 97;
    return rest === 1;
  };

  const groupedCards = (within: string) => {
    const found: TextMatch[] = [];
    // Groups of digits: a number may stand beside others, so every stretch of whole groups is a candidate, the longest first.
    for (const row of within.matchAll(/(?<!\d)\d+(?:[ -]\d+)*/g)) {
      const groups = [...row[0].matchAll(/\d+/g)].map((group) => ({ digits: group[0], at: row.index + group.index }));
      for (let from = 0; from < groups.length; from++) {
        let digits = '';
        let best = -1;
        for (let to = from; to < groups.length && digits.length < 19; to++) {
          const group = groups[to]?.digits ?? '';
          // Cards are printed in groups of four to six; a row of small numbers is a row of numbers.
          if (to > from && (group.length < 3 || (groups[to - 1]?.digits.length ?? 0) < 3)) break;
          digits += group;
          if (digits.length >= 13 && digits.length <= 19 && passesLuhn(digits)) best = to;
        }
        const [first, last] = [groups[from], groups[best]];
        if (!first || !last) continue;
        found.push({ start: first.at, end: last.at + last.digits.length });
        from = best;
      }
    }
    return found;
  };
  /** Dots and underscores stand in other numbers too, so that only the groups that are printed on cards count. */
  const dottedCards = () =>
    all(/(?<!\d|\d[._])\d{4}(?:([._])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|([._])\d{6}\2\d{4,5})(?!\d|[._]\d)/g).filter(({ start, end }) =>
      passesLuhn(text.slice(start, end).replace(/\D/g, '')),
    );
  const cards = () => {
    const dotted = dottedCards();
    let rest = '';
    for (const { start, end } of dotted) rest += text.slice(rest.length, start) + 'x'.repeat(end - start);
    return [...dotted, ...groupedCards(rest + text.slice(rest.length))].sort((one, other) => one.start - other.start);
  };

  const ibans = () =>
    // A look-ahead, because the candidate that begins earlier must not swallow the number that follows it.
    [...text.matchAll(/(?<![\p{L}\p{N}])(?=([A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}))/giu)].flatMap((match) => {
      const candidate = match[1] ?? '';
      const at = IBAN.indexOf(candidate.slice(0, 2).toUpperCase());
      const length = at < 0 ? 0 : Number(IBAN.slice(at + 2, at + 4));
      let end = 0;
      let iban = '';
      for (; end < candidate.length && iban.length < length; end++) {
        const letter = candidate.charAt(end);
        if (/[A-Z0-9]/i.test(letter)) iban += letter.toUpperCase();
      }
      const after = text.charAt(match.index + end);
      if (length === 0 || iban.length < length || /[\p{L}\p{N}]/u.test(after) || !passesMod97(iban)) return [];
      return [{ start: match.index, end: match.index + end }];
    });

  if (rule.kind === 'email')
    return all(/(?:"[^"@\n]{1,62}"|[\p{L}\p{N}._%+'&*~!#$^{|}-]{1,64})@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}][\p{L}\p{N}-]{1,62}/gu);
  if (rule.kind === 'card') return cards();
  if (rule.kind === 'iban') return ibans();
  if (rule.kind === 'jwt') return all(/(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g);
  if (rule.kind === 'phone') return all(/(?<![\p{L}\p{N}+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\d)/gu);
  if (rule.kind !== 'regex') return [];
  return all(new RegExp(rule.source, rule.flags.includes('g') ? rule.flags : `${rule.flags}g`)).filter((match) => match.end > match.start);
}
