/// <reference lib="dom" />
import type { PdfOptions } from '#shared/output.ts';
import { type Bare, holdInOwnWorld } from '../own-world.ts';
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
  const held = await holdInOwnWorld<{ fixed: string[] | null }>(tab, `(bare) => ({ fixed: (${writeDates})(${given}, bare) })`);
  const fixed = (await held.ask((it) => it.fixed)) ?? templates.map(({ html }) => writeDate(html, date));
  return { ...options, ...Object.fromEntries(templates.map(({ side, html }, index) => [side, fixed[index] ?? html])) };
}

/**
 * Does the same without a parser, for pages whose policy lets nobody make elements of text (`require-trusted-types-for`).
 * What such an element holds up to the next tag is what is replaced.
 */
function writeDate(html: string, date: string): string {
  const escaped = date.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const isFilled = (value: string) => value.split(/\s+/).includes(FILLED);
  const keep = (value: string) => value.replaceAll(/\S+/g, (name) => (name === FILLED ? KEPT : name));
  const elements = html.replaceAll(
    /<([a-z][\w-]*)(\s[^>]*?)?\bclass\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))([^>]*)>[^<]*/gi,
    (whole, tag: string, before: string | undefined, double?: string, single?: string, bare?: string, after = '') => {
      const value = double ?? single ?? bare ?? '';
      return isFilled(value) ? `<${tag}${before ?? ' '}class="${keep(value)}"${after}>${escaped}` : whole;
    },
  );
  const inStyles = new RegExp(`\\.${FILLED}(?![\\w-])`, 'g');
  return elements.replaceAll(/<style\b[^>]*>[^<]*/gi, (style) => style.replaceAll(inStyles, `.${KEPT}`));
}

type Given = { html: string[]; date: string; filled: string; kept: string };

/**
 * Runs in the page, where there is a parser of HTML: what is parsed for a template element neither loads nor runs. The
 * document around it is one of HTML, which the page's own may not be. Null where the page's policy forbids to parse.
 */
function writeDates({ html, date, filled, kept }: Given, bare: Bare): string[] | null {
  const home = bare(document).implementation.createHTMLDocument('');
  const parse = (template: HTMLTemplateElement, text: string) => {
    try {
      template.innerHTML = text;
      return true;
    } catch {
      return false;
    }
  };
  const fixed: string[] = [];
  for (const text of html) {
    const template = home.createElement('template');
    if (!parse(template, text)) return null;
    for (const element of template.content.querySelectorAll(`.${filled}`)) {
      element.textContent = date;
      element.classList.replace(filled, kept);
    }
    for (const style of template.content.querySelectorAll('style'))
      style.textContent = (style.textContent ?? '').replaceAll(new RegExp(`\\.${filled}(?![\\w-])`, 'g'), `.${kept}`);
    fixed.push(template.innerHTML);
  }
  return fixed;
}
