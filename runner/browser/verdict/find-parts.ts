/// <reference lib="dom" />
import type { Look } from './look-around.ts';

/**
 * The parts of a document that the facts are read from, shown or not. Chromium finds one tag by itself in a tenth of the
 * time of a list of selectors, so each tree is searched once for what needs a list. Runs in the page: uses nothing from
 * outside itself and `look`.
 */
export function findParts({ bare, roots, find }: Look) {
  /** Fields that something is typed into or chosen in, shown or not; by kind, then in the order of the document. */
  const fieldsOf = (within: readonly (Document | ShadowRoot | Element)[]) =>
    ['input', 'select', 'textarea']
      .flatMap((kind) => find(kind, within))
      .filter(
        (field) =>
          !(
            field instanceof HTMLInputElement &&
            /^(?:hidden|submit|button|reset|image|checkbox|radio|search|file|range|color)$/.test(field.type)
          ),
      );
  const isPassword = (field: Element): field is HTMLInputElement => field instanceof HTMLInputElement && field.type === 'password';
  const isUserField = (field: Element) =>
    field instanceof HTMLInputElement &&
    /^(?:text|email|tel|)$/.test(field.type) &&
    (field.type === 'email' ||
      field.type === 'tel' ||
      /user|e-?mail|login|phone|identifier|account|benutzer|usuario|utilisateur|gebruiker/i.test(
        `${field.name} ${field.id} ${field.autocomplete} ${field.placeholder}`,
      ));

  const CONTROLS_MAX = 1000;
  const CONTROL_ROLES = /^(?:button|menuitem|link)$/;
  const isControl = (element: Element) => {
    if (CONTROL_ROLES.test(bare(element).getAttribute('role') ?? '')) return true;
    if (bare(element).localName === 'input') return /^(?:submit|button)$/i.test(bare(element).getAttribute('type') ?? '');
    return bare(element).localName === 'button' || (bare(element).localName === 'a' && element.hasAttribute('href'));
  };
  const CANDIDATES = 'button,a,input,[role]';
  /** Whether a test holds for any control; asked in the order of the document, and no longer than until it does. */
  const someControl = (within: readonly (Document | ShadowRoot | Element)[], test: (control: Element) => boolean) =>
    within.some((root) => {
      const elements = bare(root).querySelectorAll(CANDIDATES);
      for (let i = 0, count = elements.length; i < count; i++) {
        const element = elements[i];
        if (element && isControl(element) && test(element)) return true;
      }
      return false;
    });
  const controls: Element[] = [];
  someControl(roots, (control) => controls.push(control) === CONTROLS_MAX);
  const marked = find('[role],[aria-modal]');
  const roleOf = (element: Element) => bare(element).getAttribute('role') ?? '';
  const has = (name: string, sign: string) => (element: Element) => bare(element).getAttribute(name)?.includes(sign) === true;
  const scripts = find('script');
  return {
    /** As many as are looked at. */
    controls,
    someControl,
    fieldsOf,
    isPassword,
    isUserField,
    headings: [
      ...find('h1'),
      ...marked.filter((element) => roleOf(element) === 'heading' && bare(element).getAttribute('aria-level') === '1'),
    ],
    minorHeadings: find('h2'),
    dialogs: [
      ...find('dialog').filter((dialog) => dialog.hasAttribute('open')),
      ...marked.filter((element) => /^(?:alert)?dialog$/.test(roleOf(element)) || bare(element).getAttribute('aria-modal') === 'true'),
    ],
    /** Tables of more than two rows, charts of more than two texts, canvases and grids. */
    data: [
      ...find('table').filter((table) => table.getElementsByTagName('tr')[2] !== undefined),
      ...find('svg').filter((chart) => chart.getElementsByTagName('text')[2] !== undefined),
      ...find('canvas'),
      ...marked.filter((element) => roleOf(element) === 'grid'),
    ],
    signOutForms: find('form').filter((form) => /logout|signout|sign_out/i.test(bare(form).getAttribute('action') ?? '')),
    inlineScripts: scripts.filter((script) => !script.hasAttribute('src')),
    /** What checks for robots are made of. */
    botElements: [
      ...['#px-captcha', '#challenge-form', '#cf-challenge-running'].flatMap((id) => find(id)),
      ...find('iframe').filter(has('src', 'captcha-delivery.com')),
      ...scripts.filter(has('src', '/_Incapsula_Resource')),
    ],
  };
}
export type Parts = ReturnType<typeof findParts>;
