import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { selectorSchema } from './selector.ts';
import { strict } from './strict.ts';
import { urlPatternSchema } from './url-pattern.ts';

const text = z.string().max(LIMITS.textCharsMax);
const script = z.string().min(1).max(LIMITS.scriptCharsMax);
export const timeoutMs = z.int().min(LIMITS.timeoutMsMin).max(LIMITS.totalTimeoutMsMax);
export const elementState = z.enum(['visible', 'attached', 'hidden', 'detached']);
const modifiers = z.array(z.enum(['Alt', 'Control', 'ControlOrMeta', 'Meta', 'Shift'])).max(5);
const point = strict({ x: z.number(), y: z.number() });
const position = point.optional().describe('CSS pixels from the top left of the element.');

const common = {
  frame: selectorSchema.optional().describe('Selector of the frame that holds the element.'),
  timeout: timeoutMs.optional().describe('Milliseconds; default `timeouts.action`.'),
  optional: z.boolean().optional().describe('Go on when this action fails.'),
  note: z.string().max(200).optional().describe('Shown in error messages.'),
};
const onElement = { selector: selectorSchema, ...common };
const click = {
  ...onElement,
  button: z.enum(['left', 'right', 'middle']).optional(),
  modifiers: modifiers.optional(),
  position,
  force: z.boolean().optional(),
};

/** The closed list of browser actions; they run in order and each element action waits for its target. */
export const actionSchema = z
  .discriminatedUnion('type', [
    strict({ type: z.literal('goto'), url: z.string().min(1).max(LIMITS.urlCharsMax), ...common }),
    strict({ type: z.literal('click'), ...click, clickCount: z.int().min(1).max(3).optional() }),
    strict({ type: z.literal('dblclick'), ...click }),
    strict({ type: z.literal('hover'), ...onElement, position, force: z.boolean().optional() }),
    strict({ type: z.literal('fill'), ...onElement, value: text, secret: z.boolean().optional() }),
    strict({ type: z.literal('type'), ...onElement, text, delay: z.int().min(0).max(1000).optional(), secret: z.boolean().optional() }),
    strict({ type: z.literal('press'), key: z.string().min(1).max(100), selector: selectorSchema.optional(), ...common }),
    strict({ type: z.literal('check'), ...onElement, force: z.boolean().optional() }),
    strict({ type: z.literal('uncheck'), ...onElement, force: z.boolean().optional() }),
    strict({
      type: z.literal('selectOption'),
      ...onElement,
      value: z.union([text, z.array(text).max(50)]).describe('Value or label of the option; a list for a multiple select.'),
    }),
    strict({
      type: z.literal('scrollTo'),
      x: z.number().optional(),
      y: z.number().optional(),
      selector: selectorSchema.optional().describe('The element that scrolls; default: the page.'),
      ...common,
    }),
    strict({ type: z.literal('scrollIntoView'), ...onElement }),
    strict({ type: z.literal('dragTo'), ...onElement, target: selectorSchema }),
    strict({ type: z.literal('waitForSelector'), ...onElement, state: elementState.default('visible') }),
    strict({ type: z.literal('waitForURL'), url: urlPatternSchema, ...common }),
    strict({ type: z.literal('waitForResponse'), url: urlPatternSchema, status: z.int().min(100).max(599).optional(), ...common }),
    strict({ type: z.literal('waitForFunction'), expression: script, ...common }),
    strict({ type: z.literal('waitForTimeout'), ms: z.int().min(0).max(LIMITS.delayMsMax), note: common.note }),
    strict({ type: z.literal('evaluate'), expression: script, ...common }),
    strict({ type: z.literal('dialog'), accept: z.boolean(), promptText: text.optional(), note: common.note }).describe(
      'How the dialogs that follow are answered; without it they are dismissed.',
    ),
    strict({
      type: z.literal('assert'),
      selector: selectorSchema.optional(),
      state: elementState.optional(),
      text: text.optional(),
      url: urlPatternSchema.optional(),
      ...common,
    }),
    strict({ type: z.literal('hide'), ...onElement }),
    strict({ type: z.literal('remove'), ...onElement }),
  ])
  .meta({ id: 'Action' });
export type Action = z.infer<typeof actionSchema>;
export type ActionType = Action['type'];

/** Actions that may have an effect on the site: after one of them an attempt is not repeated unless asked. */
export const SIDE_EFFECTS: ReadonlySet<ActionType> = new Set([
  'click',
  'dblclick',
  'fill',
  'type',
  'press',
  'check',
  'uncheck',
  'selectOption',
  'dragTo',
  'evaluate',
  'goto',
]);

/** Actions that run a caller's script in the page and therefore need the scope `captures:script`. */
export const SCRIPTED: ReadonlySet<ActionType> = new Set(['evaluate', 'waitForFunction']);
