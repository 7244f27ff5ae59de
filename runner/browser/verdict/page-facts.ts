/// <reference lib="dom" />
import type { Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { DENIED_WORDS, HANDOVER_WORDS, SIGN_IN_WORDS, SIGN_OUT_WORDS } from './sign-in-signs.ts';

/** A visible password field and the form or dialog around it. */
export type PasswordField = {
  /** It, or what holds it, lies over the page as a dialog. */
  inDialog: boolean;
  /** The button or the heading beside it says "Sign in", in one of many languages. */
  hasSignInWords: boolean;
  /** The button says that something is saved, changed or connected. */
  hasOtherPurpose: boolean;
  /** A user name, e-mail or phone field belongs to it. */
  hasUserField: boolean;
  /** A second password field or `autocomplete="new-password"`: a password is chosen, not asked for. */
  isNewPassword: boolean;
};
/** What a document shows of the kind that tells a sign-in page from any other. */
export type PageFacts = {
  textLength: number;
  passwords: PasswordField[];
  titleSaysSignIn: boolean;
  titleSaysDenied: boolean;
  /** A button or link that begins to sign in, or a lone e-mail field. */
  offersSignIn: boolean;
  /** A control that only a signed-in user has, shown or folded away in a menu. */
  hasSignOut: boolean;
};
type Words = { signIn: string; handOver: string; signOut: string; denied: string };

const WORDS: Words = { signIn: SIGN_IN_WORDS, handOver: HANDOVER_WORDS, signOut: SIGN_OUT_WORDS, denied: DENIED_WORDS };
const FACTS_MS_MAX = 5000;
const FRAME_SHARE_MIN = 0.25;

/** Reads the facts of the main document, and of frames that fill a good part of the view (an embedded sign-in). */
export async function readPageFacts(page: Page, run: CaptureRun): Promise<PageFacts[]> {
  const view = page.viewportSize();
  const area = view ? view.width * view.height : Number.POSITIVE_INFINITY;
  const frames = [page.mainFrame()];
  for (const frame of page.frames().slice(1, 10)) if ((await frameArea(frame, run)) >= area * FRAME_SHARE_MIN) frames.push(frame);
  const facts = await Promise.all(frames.map((frame) => readFrame(frame, run)));
  return facts.filter((entry) => entry !== null);
}

async function readFrame(frame: Frame, run: CaptureRun): Promise<PageFacts | null> {
  try {
    return await run.within(FACTS_MS_MAX, frame.evaluate(readFacts, WORDS));
  } catch (error) {
    // A document that is leaving is judged by where it goes; one that does not answer has no form that could be read.
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached()) return null;
    throw error;
  }
}

async function frameArea(frame: Frame, run: CaptureRun): Promise<number> {
  try {
    const element = await run.within(1000, frame.frameElement());
    const box = await run.within(1000, element.boundingBox());
    await element.dispose();
    return box ? box.width * box.height : 0;
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached()) return 0;
    throw error;
  }
}

/** Reads the facts of one document. Runs in the page: uses nothing from outside itself. */
function readFacts(words: Words): PageFacts {
  const is = (pattern: string) => {
    const expression = new RegExp(pattern, 'iu');
    return (text: string) => expression.test(text.replace(/\s+/g, ' ').trim());
  };
  const saysSignIn = is(words.signIn);
  const saysHandOver = is(words.handOver);
  const saysSignOut = is(words.signOut);
  const saysDenied = is(words.denied);
  const saysOther = is(
    '^(?:save|connect|create|add|update|change|test|apply|invite|set|reset|generate|confirm|unlock|reveal|share|protect|import|next step|speichern|ändern|verbinden|enregistrer|guardar|salva|opslaan)\\b',
  );
  const CONTROLS = 'button,a[href],input[type="submit"],input[type="button"],[role="button"],[role="menuitem"],[role="link"]';

  const roots: ParentNode[] = [document];
  for (let i = 0; i < roots.length && i < 500; i++) {
    for (const element of roots[i]?.querySelectorAll('*') ?? []) if (element.shadowRoot) roots.push(element.shadowRoot);
  }
  const find = (selector: string) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const isShown = (element: Element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const labelOf = (element: Element) =>
    element.getAttribute('aria-label') || (element instanceof HTMLInputElement ? element.value : '') || element.textContent || '';

  const userField = (element: Element) =>
    element instanceof HTMLInputElement &&
    isShown(element) &&
    (element.type === 'email' ||
      element.type === 'tel' ||
      /user|e-?mail|login|phone|identifier|account/i.test(
        `${element.name} ${element.id} ${element.autocomplete} ${element.placeholder}`,
      )) &&
    /^(text|email|tel|)$/.test(element.type);

  const liesOver = (element: Element) => {
    const dialog = element.closest('dialog[open],[role="dialog"],[role="alertdialog"],[aria-modal="true"]');
    if (dialog) return true;
    for (let at: Element | null = element; at && at !== document.body; at = at.parentElement) {
      const box = at.getBoundingClientRect();
      if (getComputedStyle(at).position === 'fixed' && box.width >= window.innerWidth * 0.9 && box.height >= window.innerHeight * 0.9)
        return true;
    }
    return false;
  };

  const around = (field: Element) => {
    const form = field.closest('form,dialog,[role="dialog"],[role="form"]');
    if (form) return form;
    let at: Element = field;
    for (let step = 0; step < 6 && at.parentElement && at.parentElement !== document.body; step++) {
      at = at.parentElement;
      if (at.querySelector('button,[role="button"],input[type="submit"]')) return at;
    }
    return at;
  };

  const readPassword = (field: HTMLInputElement) => {
    const form = around(field);
    const holder = form.closest('dialog,[role="dialog"],[role="alertdialog"],[aria-modal="true"],section,article,main') ?? form;
    const buttons = [...form.querySelectorAll('button,input[type="submit"],[role="button"]')].filter(isShown).map(labelOf);
    const headings = [...holder.querySelectorAll('h1,h2,h3,legend,[role="heading"]')]
      .filter(isShown)
      .map((heading) => heading.textContent ?? '');
    const passwords = [...form.querySelectorAll('input[type="password"]')].filter(isShown);
    return {
      inDialog: liesOver(field),
      hasSignInWords: buttons.some(saysSignIn) || headings.slice(0, 2).some(saysSignIn),
      hasOtherPurpose: buttons.some(saysOther),
      hasUserField: [...form.querySelectorAll('input')].some(userField),
      isNewPassword: passwords.length > 1 || field.autocomplete === 'new-password',
    };
  };

  const headings = find('h1,[role="heading"][aria-level="1"]')
    .filter(isShown)
    .map((heading) => heading.textContent ?? '');
  const titleParts = document.title.split(/\s[|·–—-]\s/);
  const controls = find(CONTROLS);
  const shownControls = controls.filter(isShown);
  return {
    textLength: (document.body?.innerText ?? '').replace(/\s+/g, ' ').trim().length,
    passwords: find('input[type="password"]')
      .filter((field): field is HTMLInputElement => field instanceof HTMLInputElement && isShown(field))
      .slice(0, 5)
      .map(readPassword),
    titleSaysSignIn: titleParts.some(saysSignIn) || headings.some(saysSignIn),
    titleSaysDenied:
      saysDenied(document.title) ||
      headings.some(saysDenied) ||
      find('h2')
        .filter(isShown)
        .slice(0, 2)
        .some((heading) => saysDenied(heading.textContent ?? '')),
    offersSignIn:
      shownControls.some((control) => saysSignIn(labelOf(control)) || saysHandOver(labelOf(control))) || find('input').some(userField),
    hasSignOut:
      controls.some((control) => saysSignOut(labelOf(control)) || /(log|sign)[_-]?(out|off)\b/i.test(control.getAttribute('href') ?? '')) ||
      find('form[action*="logout" i],form[action*="signout" i],form[action*="sign_out" i]').length > 0,
  };
}
