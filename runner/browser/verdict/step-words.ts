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

/** The title or heading of a lock screen: it is the session that is locked, and no file or door. */
export const LOCKED_WORDS =
  '^(?:(?:the |this |your )?(?:screen|session|app|application|workspace|vault|terminal|console) (?:is |has been |was )?)?locked[.!]?$|^lock ?screen$|^unlock (?:to continue|(?:your |the )?(?:session|screen|workspace|vault|app))[.!]?$|^(?:(?:ihre |die )?sitzung|(?:der )?bildschirm)? ?(?:ist )?gesperrt[.!]?$|^(?:session|écran) verrouillée?$|^(?:sesión|pantalla) bloqueada$|^(?:画面)?ロック(?:中|されています|画面)?$|^(?:屏幕)?已?锁(?:定|屏)$';

/** A line that tells to scan a code. */
export const SCAN_WORDS = '\\bscan\\b|qr[ -]?(?:code|コード)|スキャン|扫[码描]|掃[碼描]|스캔|scanne[nz]\\b|escanea|scansiona|сканир';

/** A line that speaks of the secret of a file or of a share of it, and not of the reader's own. */
export const OWN_SECRET_WORDS =
  '\\b(?:file|document|pdf|archive|zip|export|recording|attachment|share)\\b.{0,40}\\b(?:protected|encrypted|locked|password|pin|passcode)\\b|\\b(?:password|pin|passcode|passphrase)\\b.{0,40}\\b(?:file|document|pdf|archive|zip|export|recording|attachment|share)\\b|password[- ]protected|passwortgeschützt|mit (?:einem )?(?:passwort|kennwort) geschützt|protégée? par (?:un )?mot de passe|protegid[oa] con contraseña|パスワードで保護|密码保护';

/** A button that does something that a password is asked for once more, or opens what has a secret of its own. */
export const ACTS_ON_WORDS =
  '^(?:delete|remove|close (?:the |my |your )?account|deactivate|disable|enable|transfer|approve|authorize|join|sign(?![ -]?(?:in|on|out|off|up)\\b)|löschen|entfernen|herunterladen|anzeigen|bestätigen|supprimer|télécharger|afficher|confirmer|eliminar|descargar|confirmar|ver|elimina|scarica|conferma|verwijderen|downloaden|削除|ダウンロード|確認|删除|下载|打开|удалить|скачать|открыть|сохранить|삭제|다운로드|열기|저장)(?![a-zà-ÿ])';
