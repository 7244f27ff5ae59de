import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { findMatches, REDACT_PATTERNS, type TextRule } from './redact-matches.ts';
import { regexFault, regexSteps } from './regex-fault.ts';
import { selectorSchema } from './selector.ts';
import { strict } from './strict.ts';

/** What stands in place of a redacted value unless the rule names something else: of one length, so that none leaks. */
export const REDACT_MASK = '████';

const ruleSchema = strict({
  selector: selectorSchema.optional(),
  pattern: z
    .enum(REDACT_PATTERNS)
    .optional()
    .describe('`card` must pass Luhn’s check, `iban` that of ISO 7064; `phone` is the international form with +.'),
  regex: z
    .string()
    .min(1)
    .max(LIMITS.redactRegexCharsMax)
    .optional()
    .describe('A JavaScript expression, matched against text as a reader sees it.'),
  flags: z
    .string()
    .regex(/^[imsu]{0,4}$/, 'may hold i, m, s and u; every match is found without g')
    .optional(),
  replacement: z.string().max(LIMITS.redactReplacementCharsMax).optional().describe('Default ████. May be empty.'),
}).superRefine((rule, context) => {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const given = (['selector', 'pattern', 'regex'] as const).filter((key) => rule[key] !== undefined);
  if (given.length !== 1) refuse([], 'needs exactly one of selector, pattern, regex');
  if (rule.flags !== undefined && rule.regex === undefined) refuse(['flags'], 'goes with `regex` only');
  if (rule.regex !== undefined) {
    const fault = regexFault(rule.regex, rule.flags ?? '');
    if (fault) refuse(['regex'], fault);
  }
});

/** Rules of `redact`: what is replaced in the page before it is rendered. */
export const redactSchema = z
  .array(ruleSchema)
  .max(LIMITS.redactRulesMax)
  .superRefine((rules, context) => {
    if (stepsOf(rules) > LIMITS.redactStepsMax) {
      context.addIssue({
        code: 'custom',
        message: 'takes too long to hold against its replacements: fewer or simpler expressions, or one short replacement',
      });
      return;
    }
    // It would be found and replaced again without end, and no check could tell it from a value that was missed.
    for (const [index, { replacement }] of rules.entries())
      if (replacement && rules.some((rule) => isWellFormed(rule) && matchesText(rule, replacement)))
        context.addIssue({ code: 'custom', path: [index, 'replacement'], message: 'is itself something that a rule of `redact` finds' });
  });
export type RedactRule = z.infer<typeof ruleSchema>;

/** What a rule looks for in text, or null where it goes by selector. */
export function textRuleOf(rule: RedactRule): TextRule | null {
  if (rule.pattern !== undefined) return { kind: rule.pattern };
  return rule.regex === undefined ? null : { kind: 'regex', source: rule.regex, flags: rule.flags ?? '' };
}

/** What holding every expression against every replacement may take: it happens before a request is answered. */
function stepsOf(rules: readonly RedactRule[]): number {
  const replacements = new Set(rules.flatMap(({ replacement }) => replacement || []));
  let steps = 0;
  for (const { regex, flags = '' } of rules.filter(isWellFormed)) {
    if (regex !== undefined) for (const { length } of replacements) steps += regexSteps(regex, flags, length);
  }
  return steps;
}

function isWellFormed(rule: RedactRule): boolean {
  return rule.regex === undefined || regexFault(rule.regex, rule.flags ?? '') === null;
}

function matchesText(rule: RedactRule, text: string): boolean {
  const looked = textRuleOf(rule);
  return looked !== null && findMatches(text, looked).length > 0;
}
