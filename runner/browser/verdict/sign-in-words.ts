/**
 * Words by which pages ask to sign in, in the languages that products are translated to. Patterns are sources for the
 * flag `i`, because they travel into the page as text; each is held against one line, button, heading or title.
 */

/**
 * A letter of any script, and what stands among those, but for the marks of scripts that words here are written in. `\p{L}` would need the flag `u`, with which Chromium takes twice the
 * time to make these patterns: every page pays that, because each is a new world.
 */
const LETTER =
  '[a-z\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02c1\\u0370-\\u037d\\u037f-\\u0386\\u0388-\\u0590\\u05d0-\\u05f2\\u0620-\\u065f\\u066e-\\u06d3\\u06d5-\\u06ef\\u06fa-\\u1fff\\u2c00-\\u2dff\\u3005\\u3040-\\u30fa\\u30fc-\\ud7ff\\uf900-\\ufdff\\ufe70-\\ufefe\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uffdc]';
/** After a word that stands alone; `\b` knows Latin letters only. */
const END = `(?!${LETTER})`;
const alternatives = (...words: string[]) => `(?:${words.join('|')})`;

/** A sign-in button, heading or title; anchored at the front, so that "Login history" is none. */
export const SIGN_IN_WORDS = [
  '^(?:please )?(?:sign|log)[ -]?(?:in|on)(?: (?:to|with|using|again|now|here|required|securely)\\b.*| ?[|·:–—-].*|[.!…]?)?$',
  '^(?:(?:user|member|staff|admin|customer|secure|account) )?log-?in(?: page| form)?$|^sign[ -]?in page$',
  '^welcome back[.!]?$|^authentication required$',
  `^${alternatives(
    'einloggen|anmelden|anmeldung|mit .{1,30} anmelden',
    'se connecter|connexion|identifiez-vous|s.identifier|connectez-vous',
    'iniciar sesi[oó]n|inicia sesi[oó]n|inicie sesi[oó]n|acceder|ingresar',
    'entrar|iniciar sess[aã]o|fazer login|faça login',
    'accedi|effettua (?:il )?l.?(?:ogin|accesso)',
    'inloggen|aanmelden|log in bij',
    'logga in|log ind|logg inn|kirjaudu(?: sisään)?',
    'zaloguj(?: się)?|logowanie|p[rř]ihl[aá]sit(?: se)?|p[rř]ihl[aá][sš]en[ií]|bejelentkez[eé]s|autentificare',
    'giriş yap|oturum aç|σύνδεση|đăng nhập|masuk',
    'войти|вход|вход в систему|увійти|вхід',
    'تسجيل الدخول|כניסה|התחבר(?:ות)?',
  )}${END}.{0,40}$`,
  '^(?:登录|登入|ログイン|로그인|サインイン).{0,20}$|^.{0,20}(?:にログイン|にサインイン|에 로그인)$',
].join('|');

/** A button that hands over to another sign-in service, or that begins a sign-in without a password. */
export const HANDOVER_WORDS = [
  '^(?:continue|sign[ -]?in|log[ -]?in|login|sign[ -]?up|authenticate|proceed) (?:with|using|via) \\S.*$',
  '^(?:use )?(?:single sign-on|sso|saml sso)$|^use (?:a |your )?(?:passkey|security key|authenticator)\\b.*$',
  '^(?:send|email|e-mail|get|text) (?:me )?(?:a |an |my |the )?(?:new )?(?:magic|sign[ -]?in|log[ -]?in|login|one-time|access|verification) ?(?:link|code|password)?$',
  '^(?:mit|weiter mit) \\S+ (?:anmelden|fortfahren)$|^(?:continuer avec|continuar con|continuar com|continua con|doorgaan met) \\S.*$|^\\S+ ?で(?:続行|ログイン|サインイン)$',
].join('|');

/** A line that says that the session is over. */
export const SESSION_OVER_WORDS = [
  '^(?:sorry[,!.]? |oops[,!.]? )?(?:(?:your|this|the|you.re) )?(?:login |sign-in |user |browser )?session (?:has |is |was |have )?(?:now )?(?:expired|timed[ -]?out|ended|no longer (?:valid|active)|invalid|been (?:closed|terminated))',
  '^you (?:have been|.ve been|are|were) (?:automatically |now )?(?:signed|logged)[ -]?out|^you.ve been (?:automatically )?(?:signed|logged)[ -]?out',
  '^(?:ihre|deine|die) (?:sitzung|anmeldung) (?:ist )?(?:abgelaufen|beendet)|^sie wurden (?:automatisch )?abgemeldet|^sitzung abgelaufen',
  '^(?:votre|la) session (?:a|est) (?:expiré|terminée)|^session expirée|^vous avez été déconnecté',
  '^(?:su|tu|la) sesión (?:ha |se ha )?(?:caducado|expirado|cerrado|expiró)|^sesión (?:caducada|expirada)',
  '^(?:a )?(?:sua )?sessão (?:expirou|foi encerrada|expirada)|^(?:la )?(?:tua |sua )?sessione (?:è )?scaduta|^(?:je|uw) sessie is verlopen',
  'セッション(?:の有効期限)?が?(?:切れ|タイムアウト)|세션이 만료|(?:登录|会话|登錄|工作階段)已?(?:过期|超时|失效|過期|逾時)',
  '^(?:ваша )?сессия (?:истекла|завершена)|^время сеанса истекло|^(?:twoja )?sesja wygasła',
].join('|');

/** A line that tells the reader to sign in first. */
export const MUST_SIGN_IN_WORDS = [
  '(?:you (?:need|have) to|you must|you.ll need to) (?:be )?(?:first )?(?:sign|log)(?:ed|ged)?[ -]?(?:in|on)\\b',
  '^please (?:sign|log)[ -]?(?:in|on)(?: (?:first|again|below|to (?:continue|view|access|see|proceed|use)\\b.*))?[.!]?$',
  '^(?:sign|log)[ -]?in (?:required|to (?:continue|view|access|see|proceed))\\b|^you are not (?:currently )?(?:signed|logged)[ -]?in',
  '^login (?:is )?required|^authentication (?:is )?required|^not (?:signed|logged) in[.!]?$',
  'melden sie sich (?:bitte )?an|bitte (?:anmelden|einloggen)|sie müssen sich (?:zuerst )?anmelden|melde dich an, um',
  'veuillez vous (?:connecter|identifier)|connectez-vous pour|vous devez (?:être connecté|vous connecter)',
  '(?:debes?|tiene que|por favor,?) inici(?:ar|a|e) sesión|inici[ae] sesión para|faça login para|inicie sessão para|devi (?:effettuare|accedere)|accedi per',
  'ログインしてください|ログインが必要|サインインしてください|请先?登录|請先?登入|로그인(?:이 필요|해 주세요|하세요)|войдите,? чтобы|необходимо войти',
].join('|');

/** A control that only a signed-in user has. */
export const SIGN_OUT_WORDS = `^(?:sign|log)[ -]?(?:out|off)\\b|^${alternatives(
  'abmelden|ausloggen|d[eé]connexion|se d[eé]connecter|cerrar sesi[oó]n|salir|sair|terminar sess[aã]o|esci|disconnetti',
  'uitloggen|afmelden|logga ut|log ud|logg ut|kirjaudu ulos|wyloguj(?: się)?|odhl[aá]sit(?: se)?|kijelentkez[eé]s|çıkış(?: yap)?|oturumu kapat',
  'выйти|вийти|تسجيل الخروج|התנתק',
)}${END}|^(?:退出|登出|注销|ログアウト|サインアウト|로그아웃)`;

/** Says that a user is known and may not see the page. */
export const DENIED_WORDS =
  'access (?:is )?denied|forbidden|not authori[sz]ed|unauthori[sz]ed|no (?:access|permission)|(?:do not|don.t) have (?:access|permission)|permission (?:denied|required)|insufficient (?:rights|permissions?)|zugriff verweigert|keine berechtigung|acc[eè]s refus[eé]|acceso denegado|accesso negato|アクセス(?:権|が拒否)|没有权限|拒绝访问';

/** A button beside a password field whose purpose is not to sign in. */
export const OTHER_PURPOSE_WORDS = `^(?:save|connect|create|add|update|change|test|apply|invite|set|reset|generate|confirm|unlock|reveal|share|protect|import|export|open|view|show|download|decrypt|encrypt|place|pay|order|buy|checkout|register|sign[ -]?up|next step|speichern|ändern|verbinden|öffnen|entsperren|enregistrer|ouvrir|guardar|abrir|salva|apri|opslaan|保存|接続|開く)${END}`;

/** The whole title or heading of an error page that was answered with status 200. */
export const ERROR_WORDS = [
  '^(?:error )?(?:404|500|502|503|504)(?: error)?(?:[ :|·–—-]+(?:\\(?(?:page |file )?not found\\)?|internal server error|server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|error))?[.!]?$',
  '^(?:(?:the |this )?page (?:was |could )?(?:not|cannot|can.t) (?:be )?found|page not found|file not found|not found|(?:oops[,!.]? )?(?:this |that |the )?page (?:you (?:are|were) looking for )?(?:does not|doesn.t) exist)(?: \\(?404\\)?)?[.!]?$',
  '^(?:internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|application error)(?: \\(?50\\d\\)?)?[.!]?$',
  '^(?:seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|página não encontrada|pagina non trovata|pagina niet gevonden|ページが見つかりません(?:でした)?|页面不存在|страница не найдена)[.!。]?$',
].join('|');

/** The whole title or a heading of a page that checks for robots before it lets anybody through. */
export const BOT_CHECK_WORDS =
  '^just a moment(?:\\.{3}|…)$|^attention required!?$|^checking (?:your browser|if the site connection is secure)|^(?:please )?(?:verify(?:ing)?|confirm|prove) (?:that )?you(?: are|.re) (?:a )?human|^are you (?:a )?(?:robot|human)\\b|^pardon our interruption|^vercel security checkpoint|^ddos-guard$|^ddos protection by|^access to this page has been denied|^human verification$|^our systems have detected unusual traffic';
