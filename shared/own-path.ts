/**
 * Reads where somebody wanted to go on this site: path, query and fragment, or `/` for anything that leads elsewhere. It is
 * judged as browsers read it: they drop tabs and line feeds, and take `/\host` and `//host` for another site.
 */
export function ownPath(wanted: string | null | undefined): string {
  const here = 'https://own.invalid';
  if (!wanted?.startsWith('/') || !URL.canParse(wanted, here)) return '/';
  const { origin, pathname, search, hash } = new URL(wanted, here);
  // `/.//host` is a path of ours that reads `//host` once it is resolved.
  return origin === here && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}
