import { Migration } from '@mikro-orm/migrations';

export class Migration20261125011456_row_level_security extends Migration {

  override name = 'Migration20261125011456_row_level_security';

  override up(): void | Promise<void> {
    // Finds whose key it is in one statement: the wall is open inside of it, for this look-up alone. Not by a SET of the
    // function: only a superuser may give it one for a parameter that PostgreSQL does not know.
    this.addSql(`create function "api_key_of_hash" (key_hash text) returns setof "api_key" language plpgsql as $$
      declare scope_before text := coalesce(current_setting('sessionshot.scope', true), '');
      begin
        perform set_config('sessionshot.scope', 'system', true);
        return query select * from "api_key" where "hash" = key_hash;
        perform set_config('sessionshot.scope', scope_before, true);
      end $$;`);

    this.addSql(`alter table "app_user" enable row level security;`);
    this.addSql(`alter table "app_user" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "app_user" using ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from member where member.user_id = app_user.id)) with check ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from member where member.user_id = app_user.id));`);

    this.addSql(`alter table "sign_in_link" enable row level security;`);
    this.addSql(`alter table "sign_in_link" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "sign_in_link" using ((select current_setting('sessionshot.scope', true)) = 'system') with check ((select current_setting('sessionshot.scope', true)) = 'system');`);

    this.addSql(`alter table "audit_event" enable row level security;`);
    this.addSql(`alter table "audit_event" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "audit_event" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "workspace" enable row level security;`);
    this.addSql(`alter table "workspace" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "workspace" using ((select current_setting('sessionshot.scope', true)) = 'system' or id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "member" enable row level security;`);
    this.addSql(`alter table "member" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "member" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "invite" enable row level security;`);
    this.addSql(`alter table "invite" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "invite" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "idempotency_record" enable row level security;`);
    this.addSql(`alter table "idempotency_record" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "idempotency_record" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "console_session" enable row level security;`);
    this.addSql(`alter table "console_session" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "console_session" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "capture" enable row level security;`);
    this.addSql(`alter table "capture" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "capture" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "job" enable row level security;`);
    this.addSql(`alter table "job" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "job" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "capture_payload" enable row level security;`);
    this.addSql(`alter table "capture_payload" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "capture_payload" using ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id)) with check ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id));`);

    this.addSql(`alter table "attempt" enable row level security;`);
    this.addSql(`alter table "attempt" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "attempt" using ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id)) with check ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id));`);

    this.addSql(`alter table "asset" enable row level security;`);
    this.addSql(`alter table "asset" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "asset" using ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id)) with check ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id));`);

    this.addSql(`alter table "api_key" enable row level security;`);
    this.addSql(`alter table "api_key" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "api_key" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "allowed_domain" enable row level security;`);
    this.addSql(`alter table "allowed_domain" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "allowed_domain" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop function "api_key_of_hash" (text);`);

    this.addSql(`drop policy "workspace_wall" on "app_user";`);
    this.addSql(`alter table "app_user" no force row level security;`);
    this.addSql(`alter table "app_user" disable row level security;`);

    this.addSql(`drop policy "workspace_wall" on "sign_in_link";`);
    this.addSql(`alter table "sign_in_link" no force row level security;`);
    this.addSql(`alter table "sign_in_link" disable row level security;`);

    this.addSql(`drop policy "workspace_wall" on "allowed_domain";`);

    this.addSql(`drop policy "workspace_wall" on "api_key";`);

    this.addSql(`drop policy "workspace_wall" on "asset";`);

    this.addSql(`drop policy "workspace_wall" on "attempt";`);

    this.addSql(`drop policy "workspace_wall" on "audit_event";`);

    this.addSql(`drop policy "workspace_wall" on "capture";`);

    this.addSql(`drop policy "workspace_wall" on "capture_payload";`);

    this.addSql(`drop policy "workspace_wall" on "console_session";`);

    this.addSql(`drop policy "workspace_wall" on "idempotency_record";`);

    this.addSql(`drop policy "workspace_wall" on "invite";`);

    this.addSql(`drop policy "workspace_wall" on "job";`);

    this.addSql(`drop policy "workspace_wall" on "member";`);

    this.addSql(`drop policy "workspace_wall" on "workspace";`);

    this.addSql(`alter table "allowed_domain" no force row level security;`);
    this.addSql(`alter table "allowed_domain" disable row level security;`);

    this.addSql(`alter table "api_key" no force row level security;`);
    this.addSql(`alter table "api_key" disable row level security;`);

    this.addSql(`alter table "asset" no force row level security;`);
    this.addSql(`alter table "asset" disable row level security;`);

    this.addSql(`alter table "attempt" no force row level security;`);
    this.addSql(`alter table "attempt" disable row level security;`);

    this.addSql(`alter table "audit_event" no force row level security;`);
    this.addSql(`alter table "audit_event" disable row level security;`);

    this.addSql(`alter table "capture" no force row level security;`);
    this.addSql(`alter table "capture" disable row level security;`);

    this.addSql(`alter table "capture_payload" no force row level security;`);
    this.addSql(`alter table "capture_payload" disable row level security;`);

    this.addSql(`alter table "console_session" no force row level security;`);
    this.addSql(`alter table "console_session" disable row level security;`);

    this.addSql(`alter table "idempotency_record" no force row level security;`);
    this.addSql(`alter table "idempotency_record" disable row level security;`);

    this.addSql(`alter table "invite" no force row level security;`);
    this.addSql(`alter table "invite" disable row level security;`);

    this.addSql(`alter table "job" no force row level security;`);
    this.addSql(`alter table "job" disable row level security;`);

    this.addSql(`alter table "member" no force row level security;`);
    this.addSql(`alter table "member" disable row level security;`);

    this.addSql(`alter table "workspace" no force row level security;`);
    this.addSql(`alter table "workspace" disable row level security;`);
  }

}
