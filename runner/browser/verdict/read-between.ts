/// <reference lib="dom" />
import type { Parts } from './find-parts.ts';
import type { Look } from './look-around.ts';
import type { Said } from './read-text.ts';

/** What stands between a sign-in and the page: a second proof, a link by e-mail, the choice of an account, a new password. */
export type Between = 'code' | 'mailed' | 'account' | 'newPassword';
/** A page that says that there is nothing to see. */
export type Nothing = 'denied' | 'error' | 'closed';
export type StepFacts = {
  /** The page has hardly anything but this step, and no menu of an application. */
  between: Between | null;
  /** It has hardly anything but this. */
  nothing: Nothing | null;
  /** Under words of signing in a text field asks for a PIN or password that is shown while it is typed. */
  hasOpenSecret: boolean;
  /** Title and a heading or line are those of an error page. A page about an error has them too. */
  namesError: boolean;
  /** They are, and the page has nothing else to show. */
  saysError: boolean;
};

/**
 * Reads what a short page has besides a sign-in form. Runs in the page: uses nothing from outside itself and what it is
 * given. Long pages are asked nothing: none of this has much text.
 */
export function readBetween({ bare, says, roots, find, isShown, shownOf, labelOf, textOf }: Look, parts: Parts, said: Said): StepFacts {
  const [LONG, BRIEF] = [900, 400];
  const { length, lines } = said.read;
  const none: StepFacts = { between: null, nothing: null, hasOpenSecret: false, namesError: false, saysError: false };
  if (length > LONG) return none;
  const headings = [...parts.headings, ...parts.minorHeadings].filter(isShown).slice(0, 4).map(textOf);
  const titles = bare(document).title.split(/\s*[|·–—]\s*|\s-\s/);
  const named = [...titles, ...headings];
  const menus = find('nav,aside,[role="navigation"],[role="menubar"]').filter(isShown);
  const hasMenu = menus.length > 0;
  const aside = new Set([...menus, ...find('header,footer').filter(isShown)].flatMap((part) => said.linesOf(textOf(part))));
  const content = lines.filter((line) => !aside.has(line));
  const rest = content.filter((line) => !headings.some((heading) => said.linesOf(heading).includes(line)));
  const isWhole = length - lines.join(' ').length < 40;
  const hasData = parts.data.some(isShown);
  const fields = shownOf(parts.fieldsOf(roots), 10);

  const nameOf = (field: Element) => `${field.getAttribute('autocomplete') ?? ''} ${field.getAttribute('name') ?? ''} ${field.id}`;
  const isCodeField = (field: Element) => /one-time-code|\b(?:otp|totp|mfa|2fa|code|passcode)\b/i.test(nameOf(field));
  const isBox = (field: Element) => field instanceof HTMLInputElement && field.maxLength === 1;
  const isCode = (fields.length === 1 && fields.every(isCodeField)) || (fields.length >= 4 && fields.length <= 8 && fields.every(isBox));
  const isSecret = (field: Element) =>
    field instanceof HTMLInputElement &&
    /^(?:text|tel|number)$/.test(field.type) &&
    [field.placeholder, field.name, field.labels?.[0]?.textContent ?? '', field.getAttribute('aria-label') ?? ''].some(says.secret);

  const between = (): Between | null => {
    if (hasMenu || hasData || length > BRIEF) return null;
    const isSetUp = [...lines, ...titles, ...parts.controls.map(labelOf)].some(says.setUp);
    if (isCode && !isSetUp && (named.some(says.code) || titles.some(says.signIn))) return 'code';
    if (fields.length === 0 && parts.controls.length < 5 && lines.some(says.mailed)) return 'mailed';
    if (fields.length === 0 && headings.some(says.chooser) && lines.some(says.otherAccount)) return 'account';
    return headings.some(says.passwordOver) && fields.some(parts.isPassword) ? 'newPassword' : null;
  };
  const hasAgreeingRest = isWhole && !hasData && fields.length === 0 && rest.every((line) => says.besideError(line) || says.error(line));
  const nothing = (): Nothing | null => {
    if (!hasAgreeingRest || length > BRIEF) return null;
    if (titles.some(says.refusal) && headings.some(says.refusal) && rest.length > 0) return 'denied';
    const failed = (text: string) => says.failed(text) || says.error(text);
    if (headings.some(says.broken) || (titles.some(failed) && headings.some(failed))) return 'error';
    return !hasMenu && headings.some(says.closed) && lines.some(says.maintenance) ? 'closed' : null;
  };
  const namesError = titles.some(says.error) && (headings.some(says.error) || lines.slice(0, 5).some(says.error));
  return {
    between: between(),
    nothing: nothing(),
    hasOpenSecret: fields.length <= 3 && fields.some(isSecret) && named.some(says.signIn),
    namesError,
    saysError: namesError && (!hasMenu || hasAgreeingRest),
  };
}
