/// <reference lib="dom" />
import type { PdfOptions } from '#shared/output.ts';
import { holdInOwnWorld } from '../own-world.ts';
import type { RenderPage } from './rendered.ts';

const SIDES = ['headerTemplate', 'footerTemplate'] as const;
/** Of which class the browser fills elements with the day of the print, and the name that it does not know. */
const FILLED = 'date';
const KEPT = 'sessionshot-date';

/**
 * Writes `date` into the elements of a header or footer that the browser would fill with the day of the print, as every
 * print of another day would be another file. Their class gets another name there, and in the template's own styles too.
 */
export async function fixTemplateDates(tab: Pick<RenderPage, 'cdp' | 'run'>, options: Partial<PdfOptions>, date: string) {
  const templates = SIDES.flatMap((side) => {
    const html = options[side];
    return html === undefined ? [] : [{ side, html }];
  });
  if (templates.length === 0) return options;
  const given = JSON.stringify({ html: templates.map(({ html }) => html), date, filled: FILLED, kept: KEPT });
  const held = await holdInOwnWorld<{ fixed: string[] }>(tab, `() => ({ fixed: (${writeDates})(${given}) })`);
  const fixed = await held.ask((it) => it.fixed);
  return { ...options, ...Object.fromEntries(templates.map(({ side, html }, index) => [side, fixed[index] ?? html])) };
}

/** Runs in the page, where there is a parser of HTML: what is parsed for a template element neither loads nor runs. */
function writeDates({ html, date, filled, kept }: { html: string[]; date: string; filled: string; kept: string }): string[] {
  return html.map((text) => {
    const template = document.createElement('template');
    template.innerHTML = text;
    for (const element of template.content.querySelectorAll(`.${filled}`)) {
      element.textContent = date;
      element.classList.replace(filled, kept);
    }
    for (const style of template.content.querySelectorAll('style'))
      style.textContent = (style.textContent ?? '').replaceAll(new RegExp(`\\.${filled}(?![\\w-])`, 'g'), `.${kept}`);
    return template.innerHTML;
  });
}
