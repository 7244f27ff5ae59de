/**
 * Words of pages that come between a sign-in and what was asked for, and of pages that say that there is nothing to see.
 * Sources for the flag `i`, as those in `sign-in-words.ts`; each is held against one whole title part, heading or line.
 */

/** The title or heading of a page that asks for a second proof. */
export const CODE_WORDS = [
  '^(?:two|2|multi)[ -]?(?:step|factor) (?:verification|authentication|login|sign[ -]?in)(?: (?:is )?required)?$|^(?:2fa|mfa)(?: required)?$',
  '^(?:verify|confirm) (?:your identity|it.s you|that it.s you|your (?:device|login|sign[ -]?in))\\b.{0,30}$|^(?:please )?enter (?:the |your |a )?(?:\\d[ -]digit )?(?:verification |security |authentication |login |sign[ -]?in |one[ -]time |confirmation )?(?:code|passcode|otp)\\b.{0,60}$',
  '^(?:zwei-faktor-(?:authentifizierung|anmeldung)|bestätigungscode eingeben|(?:bestätigen sie )?ihre identität(?: bestätigen)?|sicherheitscode eingeben|vérification en deux étapes|authentification à deux facteurs|verificación en dos pasos|autenticación de dos factores|verifica in due passaggi|2段階認証|双重验证|两步验证)$',
].join('|');

/** A line of a page where a second proof is set up, not asked for. */
export const SET_UP_WORDS =
  '^(?:set[ -]?up|enable|disable|activate|turn (?:on|off)|configure|manage|register|scan|aktivieren|einrichten|activer|activar)(?![a-z])|qr[ -]?code|to (?:enable|finish|complete set)|einzurichten';

/** A line that says that a link to sign in with was sent. */
export const MAILED_WORDS =
  '(?:e-?mailed|sent)(?: you)? (?:a |an |your |the )?(?:magic|sign[ -]?in|log[ -]?in|login|one-time) ?link|(?:magic|sign[ -]?in|log[ -]?in|login) link (?:has been |was |is )(?:sent|on its way)|anmelde-?link (?:gesendet|geschickt)|lien de connexion (?:a été )?envoyé';

/** The heading of a page that lets one choose whom to sign in as, and a line that such a page has. */
export const CHOOSER_WORDS =
  '^(?:choose|pick|select) an? account(?: to .{1,40})?$|^konto auswählen$|^(?:choisir|sélectionnez) un compte$|^elige una cuenta$';
export const OTHER_ACCOUNT_WORDS =
  '(?:^|[—–·-] ?)signed out$|^use another account$|^abgemeldet$|^(?:ein )?anderes konto verwenden$|^utiliser un autre compte$|^usar otra cuenta$';

/** The heading of a page that wants a new password before it lets a user in. */
export const PASSWORD_OVER_WORDS =
  '^your password (?:has |is )?(?:expired|must be changed)|^password (?:has )?expired$|^you must change your password|^(?:ihr|dein) passwort ist abgelaufen|^votre mot de passe a expiré|^tu contraseña ha (?:caducado|expirado)';

/** Name, label or placeholder of a field for a secret that is shown while it is typed. */
export const SECRET_WORDS = '^(?:(?:your|ihre?|dein) )?(?:pin|pin[ -]?code|passcode|passwor[dt]|kennwort|mot de passe|contraseña)$';

/** The whole title or heading of a refusal. */
export const REFUSAL_WORDS =
  '^(?:403[ :–—-]*)?(?:access (?:is )?denied|forbidden|permission denied|not authori[sz]ed|unauthori[sz]ed|zugriff verweigert|accès refusé|acceso denegado|accesso negato|アクセスが拒否されました|拒绝访问)[.!]?$|^403$';

/** The whole title or heading of a page that failed, in words that other pages use too: the rest must agree. */
export const FAILED_WORDS =
  '^error[.!]?$|^(?:(?:oops|sorry|uh[ -]?oh)[,!.… ]*)?(?:something|an? (?:unexpected )?error|that.s an error)(?: went wrong| (?:has )?occurred)?[.!]?$|^unexpected error[.!]?$|^etwas ist schiefgelaufen[.!]?$|^(?:une erreur est survenue|algo salió mal)[.!]?$';
/** A heading that no page has but one whose program broke off. */
export const BROKEN_WORDS = '^application error: an? (?:client|server)-side exception has occurred\\b.*$|^unexpected application error!?$';
/** The heading of a site that is closed for a while. */
export const CLOSED_WORDS =
  '^we(?:.ll| will) be (?:right )?back(?: (?:soon|shortly))?[.!]?$|^(?:(?:scheduled|planned) |(?:down|closed) for |under )maintenance[.!]?$|^wartungsarbeiten[.!]?$|^site en maintenance[.!]?$';

/** A line such as stands on a page of an error or a refusal beside its heading. */
export const BESIDE_ERROR_WORDS =
  'error|fehler|try again|reload|refresh|^(?:go |take me )?(?:back|home)\\b|back to|go to|return to|sorry|unexpected|went wrong|(?:could|can|was) ?not\\b|(?:couldn|can|doesn|don).t\\b|not found|(?:does|do) not|no longer|permission|administrator|contact (?:us|support)|get (?:help|support)|^(?:help|support)$|request (?:access|id)|(?:trace|reference|correlation|ray) id|temporarily|maintenance|wartung|^(?:privacy|terms|imprint|impressum)|©|^sign[ -]?out$|^log[ -]?out$|exception';
