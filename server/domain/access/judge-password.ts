import { LIMITS } from '#shared/limits.ts';

/** Words of ours that somebody who guesses would try here, and nowhere else. */
const OWN_WORDS = ['SessionShot'];
/** Parts of an e-mail address that are too short to say anything. */
const PART_CHARS_MIN = 3;
const NO_LETTER = /[^\p{L}\p{N}]+/gu;

/**
 * Tells whether a password is among the first `LIMITS.passwordGuessesMin` that somebody would try who knows the account's
 * e-mail address: a common one, plain or dressed up (`P@ssw0rd1234`), rows of keys, repetitions, dates, the address, our name.
 * The whole password is weighed: a sentence may contain any word. Nothing is asked of its composition.
 */
export async function isEasyToGuess(password: string, email: string): Promise<boolean> {
  // Loaded when somebody sets a password, and made anew: a server that only serves captures pays neither time nor memory.
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ]);
  const judge = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return judge.check(password, [...OWN_WORDS, ...partsOf(email)]).guesses < LIMITS.passwordGuessesMin;
}

/** The address, its name and its labels, each as it is written, in one and in words. */
function partsOf(email: string): string[] {
  const [local = '', domain = ''] = email.split('@');
  const wholes = [email, local, ...domain.split('.')];
  const parts = wholes.flatMap((whole) => [whole, whole.replace(NO_LETTER, ''), ...whole.split(NO_LETTER)]);
  return [...new Set(parts)].filter((part) => part.length >= PART_CHARS_MIN);
}
