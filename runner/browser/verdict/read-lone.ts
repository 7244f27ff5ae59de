/// <reference lib="dom" />
import type { Parts } from './find-parts.ts';
import type { Look } from './look-around.ts';
import type { Said } from './read-text.ts';

/** What a sign-in page asks for that shows hardly anything else: a password, who one is, a PIN to unlock, a code to scan. */
export type Lone = 'password' | 'user' | 'locked' | 'scan';
export type LoneFacts = {
  /** The page is little more than this, and no menu of an application is around it. Told by its build more than by its words. */
  lone: Lone | null;
};

/**
 * Reads whether a short page is little more than one form to sign in. Runs in the page: uses nothing from outside itself and
 * what it is given. Long pages are asked nothing.
 */
export function readLone(look: Look, parts: Parts, said: Said): LoneFacts {
  const { bare, DIALOGS, says, squash, roots, find, parentOf, isShown, shownOf, labelOf, textOf } = look;
  /** Characters of the whole page, of what is neither header nor footer, and of what is not in the form either. */
  const [LONG, CONTENT, BESIDE] = [900, 400, 200];
  /** Where words of signing in agree, there may be as much more. */
  const GRACE = 200;
  const OTHER_CONTROLS_MAX = 4;
  const { length, lines } = said.read;
  const none: LoneFacts = { lone: null };
  if (length > LONG) return none;

  const fields = shownOf(parts.fieldsOf(roots), 9);
  const passwords = fields.filter(parts.isPassword);
  const first = passwords[0] ?? fields[0];
  const form = first ? bare(first).closest('form,[role="form"]') : null;
  const titles = bare(document).title.split(/\s*[|·:–—]\s*|\s-\s/);
  const headings = shownOf(find('h1,h2,h3,[role="heading"]'), 4).map(textOf);
  const named = [...titles, ...headings];
  const saysSignIn = named.some(says.signIn);

  const controls = parts.controls.map((element) => ({ element, label: labelOf(element), isIn: !form || bare(form).contains(element) }));
  const shown = controls.filter(({ element }) => isShown(element));
  const begins = (label: string) => says.signIn(label) || says.handOver(label);
  const inForm = shown.filter(({ isIn }) => isIn).map(({ label }) => label);
  const isStrong = saysSignIn && inForm.some(begins);
  const isOther = (label: string) => !begins(label) && !says.accompanies(label) && !says.goesOn(label) && !says.signOut(label);

  /** A menu that leads elsewhere in an application, or a way out that is in one or folded away. */
  const isInApp = () => {
    const menus = find('nav,aside,[role="navigation"],[role="menubar"]').filter((menu) => !bare(menu).closest('footer') && isShown(menu));
    if (shown.some(({ element, label }) => isOther(label) && menus.some((menu) => bare(menu).contains(element)))) return true;
    const leadsOut = (element: Element) => /(?:log|sign)[_-]?(?:out|off)\b/i.test(bare(element).getAttribute('href') ?? '');
    const ways = controls.filter(({ element, label }) => says.signOut(label) || leadsOut(element)).map(({ element }) => element);
    return [...parts.signOutForms, ...ways].some((way) => bare(way).closest('nav,header,aside') !== null || !isShown(way));
  };
  const lengthOf = (elements: readonly Element[]) => elements.reduce((sum, element) => sum + squash(textOf(element)).length, 0);
  const isWithin = (element: Element, test: (outer: Element) => boolean) => {
    for (let at = parentOf(element); at; at = parentOf(at)) if (test(at)) return true;
    return false;
  };
  const isLittle = () => {
    // A banner over the page says nothing about it.
    const isEdge = (part: Element) => bare(part).matches(`header,footer,${DIALOGS}`);
    const edges = [...find('header,footer'), ...parts.dialogs].filter((edge) => !isWithin(edge, isEdge) && isShown(edge));
    const content = length - lengthOf(edges);
    const beside = content - (form ? lengthOf([form]) : 0);
    const grace = isStrong ? GRACE : 0;
    return content <= CONTENT + grace && beside <= BESIDE + grace && headings.length <= 3;
  };
  /** What is typed belongs to something else: a file, a device, what is saved or deleted. */
  const hasOtherPurpose = () => {
    const goesOn = inForm.some((label) => begins(label) || (squash(label) !== '' && says.goesOn(label)));
    const isBeside = (label: string) => says.accompanies(label) || begins(label) || (goesOn && /^\s*(?:show|reveal|view)\b/i.test(label));
    const does = (label: string) => (says.otherPurpose(label) || says.actsOn(label)) && !isBeside(label);
    if (shown.some(({ label, isIn }) => !isIn && does(label))) return true;
    if (isStrong) return false;
    const hints = passwords.flatMap((field) => [field.placeholder, field.getAttribute('aria-label') ?? '']);
    return [...titles, ...lines, ...hints].some(says.ownSecret) || inForm.some(does);
  };
  const hasOtherField = () => {
    const others = fields.filter(
      (field) =>
        !parts.isPassword(field) &&
        !parts.isUserField(field) &&
        !(field instanceof HTMLSelectElement && form && !bare(form).contains(field)),
    );
    return others.length > (saysSignIn || inForm.some(begins) ? 1 : 0) || fields.length - passwords.length > 2;
  };

  const asksForPassword = () =>
    passwords.length === 1 &&
    passwords.every(({ autocomplete }) => autocomplete !== 'new-password') &&
    !hasOtherField() &&
    !hasOtherPurpose();
  const asksForUser = () =>
    saysSignIn && fields.length === 1 && fields.every(parts.isUserField) && inForm.some((label) => begins(label) || says.goesOn(label));
  const isLocked = () => {
    const isSecret = (field: Element) =>
      field instanceof HTMLInputElement && [field.placeholder, field.name, field.labels?.[0]?.textContent ?? ''].some(says.secret);
    if (fields.length !== 1 || (passwords.length === 0 && !fields.every(isSecret))) return false;
    return named.some(says.locked) && ![...titles, ...lines].some(says.ownSecret);
  };
  /** A picture that is as wide as high, as such codes are. */
  const showsCode = () =>
    find('svg,canvas,img')
      .map((picture) => bare(picture).getBoundingClientRect())
      .some(({ width, height }) => width >= 80 && width <= 600 && Math.abs(width - height) <= width / 10);
  const asksToScan = () => saysSignIn && fields.length === 0 && lines.some(says.scan) && showsCode();

  const inDialog = first !== undefined && bare(first).closest(DIALOGS) !== null;
  const hasData = parts.data.some((part) => isShown(part) && !(fields.length === 0 && bare(part).localName === 'canvas'));
  const others = shown.filter(({ label }) => isOther(label)).length;
  if (inDialog || hasData || others > OTHER_CONTROLS_MAX || !isLittle() || isInApp()) return none;
  if (asksForPassword()) return { lone: 'password' };
  if (asksForUser()) return { lone: 'user' };
  if (isLocked()) return { lone: 'locked' };
  return asksToScan() ? { lone: 'scan' } : none;
}
