/**
 * Row-level security: what PostgreSQL itself lets a transaction see, whatever the query asks for. A transaction that says
 * nothing sees no row of any workspace. `open-database.ts` makes the units of work that say something, and nobody else does.
 */
export const WORKSPACE_SETTING = 'sessionshot.workspace';
export const SCOPE_SETTING = 'sessionshot.scope';
export const SYSTEM_SCOPE = 'system';

/** The role that a server steps down to where the user of its URL would pass all this. Owns nothing. */
export const SERVER_ROLE = 'sessionshot_app';

// As sub-selects they are asked once for a statement, not once for a row.
const CURRENT = `(select current_setting('${WORKSPACE_SETTING}', true))`;
const IS_SYSTEM = `(select current_setting('${SCOPE_SETTING}', true)) = '${SYSTEM_SCOPE}'`;

/** For a table whose rows name their workspace in `column`: read and written within it alone. */
export const ofWorkspace = (column = 'workspace_id') => wall(`${IS_SYSTEM} or ${column} = ${CURRENT}`);

/** For a table whose rows belong to a capture: there for whom the capture is. */
export const ofCapture = () => wall(`${IS_SYSTEM} or exists (select 1 from capture where capture.id = capture_id)`);

/** For people: there for the workspaces that they are members of. */
export const ofMembers = () => wall(`${IS_SYSTEM} or exists (select 1 from member where member.user_id = app_user.id)`);

/** For what leads into workspaces and is in none. */
export const ofNone = () => wall(IS_SYSTEM);

function wall(expression: string) {
  // Forced: the owner of a table would pass it otherwise, and the server often is the owner.
  return { rowLevelSecurity: 'force' as const, policies: [{ name: 'workspace_wall', using: expression, check: expression }] };
}
