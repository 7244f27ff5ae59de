/// <reference lib="dom" />
import type { Parts } from './find-parts.ts';
import type { Look } from './look-around.ts';
import type { StepFacts } from './read-between.ts';
import type { LoneFacts } from './read-lone.ts';
import type { Said } from './read-text.ts';

/** A visible password field and the form or dialog around it. */
export type PasswordField = {
  /** It, or what holds it, lies over the page as a dialog. */
  inDialog: boolean;
  /** The button or the heading beside it says "Sign in", in one of many languages. */
  hasSignInWords: boolean;
  /** A button says that something is saved, opened, paid or connected. */
  hasOtherPurpose: boolean;
  /** A user name, e-mail or phone field belongs to it. */
  hasUserField: boolean;
  /** Fields of the form that a sign-in does not have: address, card, host; two at most are counted. One is a tenant or a code. */
  otherFields: number;
  /** A second password field or `autocomplete="new-password"`: a password is chosen, not asked for. */
  isNewPassword: boolean;
  /** Beside a menu and under another heading stands a button that saves something outside the form: it is shown as a pattern. */
  isPattern: boolean;
};
/** What a document shows of the kind that tells a sign-in page from any other. */
type SeenFacts = {
  /** Characters, with white space drawn together. Where they are more than any wall has, neither they nor lines are read. */
  textLength: number;
  passwords: PasswordField[];
  titleSaysSignIn: boolean;
  titleSaysDenied: boolean;
  /** A heading alone is that of an error page. */
  headingSaysError: boolean;
  /** A control outside menus that begins to sign in, or a field for a user name or an e-mail address. */
  offersSignIn: boolean;
  /** Any control that begins to sign in, in the page's header too. */
  linksToSignIn: boolean;
  /** Every control either begins to sign in or is one that sign-in pages have (help, terms, language, sign up). */
  offersNothingElse: boolean;
  /** A lone e-mail or user field is the only field, and its button goes on or sends a link. */
  asksForUserOnly: boolean;
  /** A line says that the session is over. */
  saysSessionOver: boolean;
  /** A line says that one must sign in. */
  saysMustSignIn: boolean;
  /** A dialog or layer over the page asks to sign in. */
  dialogAsks: boolean;
  /** Tables and charts: what a report has and a wall has not. Pictures say nothing, sign-in pages have large ones. */
  hasData: boolean;
  /** A control that only a signed-in user has, shown or folded away in a menu. */
  hasSignOut: boolean;
  /** The maker of a check for robots that stands in front of the site, or null. */
  botCheck: string | null;
};
export type PageFacts = StepFacts & LoneFacts & SeenFacts;

/**
 * Reads the facts of one document. Runs in the page: uses nothing from outside itself and what it is given. What is said is
 * looked at before whether it is shown: the latter costs a walk to the top for each of a thousand links.
 */
export function readFacts(look: Look, parts: Parts, said: Said): SeenFacts {
  const { bare, DIALOGS, says, roots, shadowOf, find, parentOf, isShown, shownOf, labelOf, textOf } = look;
  const { someControl, fieldsOf, isPassword, isUserField } = parts;
  const liesOver = (element: Element) => {
    for (let at: Element | null = element; at && at !== bare(document).body; at = parentOf(at)) {
      if (bare(at).matches(DIALOGS)) return true;
      const box = bare(at).getBoundingClientRect();
      if (getComputedStyle(at).position === 'fixed' && box.width >= innerWidth * 0.9 && box.height >= innerHeight * 0.9) return true;
    }
    return false;
  };
  const around = (field: Element) => {
    const form = field.closest(`form,${DIALOGS},[role="form"]`);
    if (form) return form;
    let at: Element = field;
    for (let step = 0; step < 6; step++) {
      const outer: Element | null = bare(at).parentElement;
      if (!outer || outer === bare(document).body) break;
      at = outer;
      if (bare(at).querySelector('button,[role="button"],input[type="submit"]')) return at;
    }
    return at;
  };
  const isPattern = (form: Element, headings: readonly string[]) => {
    const isElsewhere = (control: Element) =>
      !bare(form).contains(control) && bare(control).closest(`nav,header,footer,aside,${DIALOGS}`) === null;
    const own = parts.headings.filter(isShown).map(textOf);
    return (
      own.length > 0 &&
      !own.some((heading) => says.signIn(heading) || headings.includes(heading)) &&
      find('nav,[role="navigation"]').some(isShown) &&
      someControl(roots, (control) => says.keeps(labelOf(control)) && isElsewhere(control) && isShown(control))
    );
  };
  const readPassword = (field: HTMLInputElement): PasswordField => {
    const form = around(field);
    const holder = bare(form).closest(`${DIALOGS},section,article,main`) ?? form;
    const buttons = find('button,input[type="submit"],[role="button"]', [form]);
    const headings = shownOf(find('h1,h2,h3,legend,[role="heading"]', [holder]), 2).map(textOf);
    const fields = fieldsOf([form]);
    const offers = (isSaid: (label: string) => boolean) => buttons.some((button) => isSaid(labelOf(button)) && isShown(button));
    return {
      inDialog: liesOver(field),
      hasSignInWords: offers(says.signIn) || headings.some(says.signIn),
      hasOtherPurpose: offers(says.otherPurpose),
      hasUserField: fields.some((each) => isUserField(each) && isShown(each)),
      otherFields: shownOf(
        fields.filter((each) => !isPassword(each) && !isUserField(each)),
        2,
      ).length,
      isPattern: isPattern(form, headings),
      isNewPassword: shownOf(fields.filter(isPassword), 2).length > 1 || field.autocomplete === 'new-password',
    };
  };

  /** What lies on top in the middle of the view, if that is a layer of its own. */
  const topLayer = () => {
    let at: Element | null = bare(document).elementFromPoint(innerWidth / 2, innerHeight / 2);
    while (at) {
      const inner: Element | null = shadowOf(at)?.elementFromPoint(innerWidth / 2, innerHeight / 2) ?? null;
      if (!inner || inner === at) break;
      at = inner;
    }
    for (; at && at !== bare(document).body && at !== bare(document).documentElement; at = parentOf(at)) {
      const { position, zIndex } = getComputedStyle(at);
      if (position === 'fixed' || (position === 'absolute' && Number(zIndex) > 0)) return at;
    }
    return null;
  };
  const asksInLayer = (layer: Element) => {
    const own = roots.filter((root): root is ShadowRoot => root instanceof ShadowRoot && bare(layer).contains(root.host));
    const within = [layer, ...own];
    if (!someControl(within, isShown)) return false;
    const lines = within
      .flatMap((part) => (part instanceof ShadowRoot ? [...part.children] : [part]))
      .flatMap((part) => said.linesOf(textOf(part)));
    if (lines.some(says.sessionOver)) return true;
    const asks = lines.some(says.mustSignIn) || find('h1,h2,h3,h4,legend,[role="heading"]', within).map(textOf).some(says.signIn);
    if (!asks) return false;
    const begins = (control: Element) => says.signIn(labelOf(control)) || says.handOver(labelOf(control));
    return (
      someControl(within, (control) => begins(control) && isShown(control)) ||
      fieldsOf(within).some((field) => isUserField(field) && isShown(field))
    );
  };

  const { length, lines } = said.read;
  const headings = parts.headings.filter(isShown).map(textOf);
  const minor = shownOf(parts.minorHeadings, 2).map(textOf);
  const titleParts = bare(document).title.split(/\s*[|·–—]\s*|\s-\s/);
  const labelled = parts.controls.map((element) => ({ element, label: labelOf(element) }));
  const begins = ({ label }: { label: string }) => says.signIn(label) || says.handOver(label);
  const beginners = labelled.filter((control) => begins(control) && isShown(control.element));
  const inMenu = (element: Element) => bare(element).closest('nav,header,footer,aside') !== null;
  const fields = fieldsOf(roots);
  const lone = shownOf(fields, 2);
  const layers = new Set([...parts.dialogs.filter(isShown), topLayer()].filter((layer) => layer !== null));
  const isCloudflare = parts.inlineScripts.some((script) => script.textContent?.includes('_cf_chl_opt'));
  return {
    textLength: length,
    passwords: shownOf(fields.filter(isPassword), 5).map(readPassword),
    titleSaysSignIn: titleParts.some(says.signIn) || headings.some(says.signIn),
    titleSaysDenied: says.denied(bare(document).title) || headings.some(says.denied) || minor.some(says.denied),
    headingSaysError: headings.some(says.error),
    offersSignIn: beginners.some(({ element }) => !inMenu(element)) || fields.some((field) => isUserField(field) && isShown(field)),
    linksToSignIn: beginners.length > 0,
    offersNothingElse:
      beginners.length > 0 && !labelled.some((each) => !begins(each) && !says.accompanies(each.label) && isShown(each.element)),
    asksForUserOnly:
      lone.length === 1 &&
      lone.every(isUserField) &&
      labelled.some((each) => (begins(each) || says.goesOn(each.label)) && !inMenu(each.element) && isShown(each.element)),
    saysSessionOver: lines.some(says.sessionOver),
    saysMustSignIn: lines.some(says.mustSignIn),
    dialogAsks: [...layers].some(asksInLayer),
    hasData: parts.data.some(isShown),
    hasSignOut:
      parts.signOutForms.length > 0 ||
      labelled.some(
        ({ element, label }) => says.signOut(label) || /(?:log|sign)[_-]?(?:out|off)\b/i.test(bare(element).getAttribute('href') ?? ''),
      ),
    botCheck: isCloudflare
      ? 'Cloudflare'
      : parts.botElements.length > 0 || [...titleParts, ...headings, ...minor].some(says.botCheck)
        ? 'unknown'
        : null,
  };
}
