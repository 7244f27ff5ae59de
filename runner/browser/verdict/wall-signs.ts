import type { Between } from './read-between.ts';
import type { PageFacts, PasswordField } from './read-facts.ts';
import type { Lone } from './read-lone.ts';
import { isSignInHost, isSignInPage, leadsToSignIn, returnsTo } from './sign-in-signs.ts';

export type WallInput = {
  targetUrl: string;
  finalUrl: string;
  /** The main document first, then frames that fill a good part of the view. */
  facts: readonly PageFacts[];
  deletedCookies: readonly string[];
};

const BETWEEN: Record<Between, string> = {
  code: 'The page asks for a code, the second step of a sign-in.',
  mailed: 'The page says that a link to sign in with was sent by e-mail.',
  account: 'The page asks which account to sign in to.',
  newPassword: 'The page asks for a new password before it goes on.',
};
const LONE: Record<Lone, string> = {
  password: 'The page asks for a password and shows hardly anything else.',
  user: 'The page offers nothing but to sign in.',
  locked: 'The page is locked and asks for a PIN or a password.',
  scan: 'The page asks to scan a code to sign in.',
};
/** A document around a frame says no more than this when the frame is all there is to see. */
const EMPTY_SHELL_CHARS = 40;
/** A page with more text than this has something to show; walls have less. */
export const SHORT_PAGE_CHARS = 900;
const BRIEF_PAGE_CHARS = 400;

/**
 * Names the sign that the page is a sign-in wall, or null. A target that is a sign-in page itself shows none. Each
 * document is weighed by itself: the shell around a frame may know the user while the frame does not.
 */
export function wallSign({ targetUrl, finalUrl, facts, deletedCookies }: WallInput): string | null {
  const target = new URL(targetUrl);
  const final = URL.canParse(finalUrl) ? new URL(finalUrl) : target;
  if (isSignInPage(targetUrl) && !returnsTo(final, target)) return null;
  return (
    addressSign(target, final, facts[0]) ??
    facts.map(pageSign).find((sign) => sign !== null) ??
    loneSign({ targetUrl, facts }) ??
    (deletedCookies.length > 0
      ? `The site deleted ${deletedCookies.length === 1 ? 'the session cookie' : `${deletedCookies.length} session cookies`}.`
      : null)
  );
}

/**
 * Names a layer over the page that asks to sign in, or null. What a check looks for may be in place behind it, where the
 * browser calls it visible; the picture would show the layer.
 */
export function layerSign({ targetUrl, facts }: Pick<WallInput, 'targetUrl' | 'facts'>): string | null {
  if (isSignInPage(targetUrl)) return null;
  const covers = facts.some((each) => each.passwords.some((field) => field.inDialog && field.hasSignInWords && isSignInField(field)));
  return covers || facts.some((each) => each.dialogAsks) ? 'A dialog over the page asks to sign in.' : null;
}

/**
 * Names what the page asks for where it is little more than a sign-in form, frames included, or null. The strongest sign: a
 * check that such a page meets is met by a word or an element of the sign-in page itself.
 */
export function loneSign({ targetUrl, facts }: Pick<WallInput, 'targetUrl' | 'facts'>): string | null {
  if (isSignInPage(targetUrl)) return null;
  const isEmpty = (each: PageFacts) =>
    each.textLength <= EMPTY_SHELL_CHARS && !each.hasData && !each.hasSignOut && each.passwords.length === 0;
  const lone = facts.map((each) => each.lone).find((each) => each !== null) ?? null;
  return lone !== null && facts.every((each) => each.lone !== null || isEmpty(each)) ? LONE[lone] : null;
}

/** Tells whether a document by itself is a sign-in wall. */
export function showsWall(facts: PageFacts): boolean {
  return pageSign(facts) !== null;
}

function addressSign(target: URL, final: URL, main: PageFacts | undefined): string | null {
  // A known user may be shown an address with such a name; a page that asks for a password all the same knows none.
  if (main?.hasSignOut && !main.passwords.some((field) => asksToSignIn(field, main))) return null;
  if (leadsToSignIn(final, target)) return 'The page went to a sign-in address.';
  return final.hostname !== target.hostname && isSignInHost(final.hostname) ? `The page went to sign in at ${final.hostname}.` : null;
}

function pageSign(facts: PageFacts): string | null {
  if (facts.dialogAsks) return 'A dialog over the page asks to sign in.';
  if (facts.passwords.some((field) => isWallField(field, facts))) return 'The page shows a sign-in form.';
  if (facts.hasSignOut || facts.textLength > SHORT_PAGE_CHARS) return null;
  if (facts.hasOpenSecret) return 'The page shows a sign-in form.';
  if (facts.titleSaysSignIn && facts.offersSignIn && facts.passwords.length === 0) return 'The page offers nothing but to sign in.';
  if (facts.between) return BETWEEN[facts.between];
  if (facts.hasData) return null;
  if (facts.saysSessionOver) return 'The page says that the session is over.';
  if (facts.textLength > BRIEF_PAGE_CHARS) return null;
  if (facts.saysMustSignIn) return 'The page says that one must sign in.';
  if (facts.offersNothingElse && facts.offersSignIn) return 'The page offers nothing but to sign in.';
  return facts.asksForUserOnly ? 'The page asks for a user name or an e-mail address and for nothing else.' : null;
}

function isWallField(field: PasswordField, facts: PageFacts): boolean {
  if (!isSignInField(field)) return false;
  // Over the page lies a dialog that asks to sign in again: what is behind it was loaded before the session ended.
  if (field.inDialog && (field.hasSignInWords || (field.hasUserField && !facts.hasSignOut))) return true;
  return !facts.hasSignOut && asksToSignIn(field, facts);
}

function asksToSignIn(field: PasswordField, facts: PageFacts): boolean {
  if (!isSignInField(field)) return false;
  return field.hasSignInWords || facts.titleSaysSignIn || (field.hasUserField && facts.textLength < SHORT_PAGE_CHARS);
}

/** A password that is chosen, that belongs to something else, or that stands among an address and a card is no sign-in. */
function isSignInField(field: PasswordField): boolean {
  if (field.isPattern && !field.inDialog) return false;
  return !field.isNewPassword && !(field.hasOtherPurpose && !field.hasSignInWords) && (field.otherFields < 2 || field.hasSignInWords);
}
