import type { PageFacts } from './read-facts.ts';

/**
 * What a document shows on paper and no document showed on the screen. Styles for print take away menus and with them
 * what tells who is signed in, so that a page on paper is held to be a wall or an error page only for what is new there.
 */
export function newOnPaper(paper: PageFacts, screen: readonly PageFacts[]): PageFacts {
  const isNew = (name: keyof PageFacts) => Boolean(paper[name]) && !screen.some((facts) => facts[name]);
  const fields = Math.max(0, ...screen.map(({ passwords }) => passwords.length));
  return {
    ...paper,
    passwords: paper.passwords.length > fields ? paper.passwords : [],
    titleSaysSignIn: isNew('titleSaysSignIn'),
    titleSaysDenied: isNew('titleSaysDenied'),
    // The title is not on the paper.
    saysError: isNew('namesError') || isNew('headingSaysError'),
    // Menus are not on the paper, so what is left there looks as if it were alone.
    between: null,
    lone: null,
    nothing: null,
    hasOpenSecret: isNew('hasOpenSecret'),
    offersSignIn: isNew('offersSignIn'),
    // Of the controls of a page most are not on its paper: what is left there says nothing.
    offersNothingElse: false,
    asksForUserOnly: isNew('asksForUserOnly'),
    saysSessionOver: isNew('saysSessionOver'),
    saysMustSignIn: isNew('saysMustSignIn'),
    dialogAsks: isNew('dialogAsks'),
    botCheck: isNew('botCheck') ? paper.botCheck : null,
    // One that is folded away belongs to the page that the paper does not show.
    hasSignOut: false,
  };
}
