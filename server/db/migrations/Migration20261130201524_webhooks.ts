import { Migration } from '@mikro-orm/migrations';

export class Migration20261130201524_webhooks extends Migration {

  override name = 'Migration20261130201524_webhooks';

  override up(): void | Promise<void> {
    this.addSql(`create table "webhook_event" ("id" text not null, "workspace_id" text not null, "type" text not null, "capture_id" text null, "body" json not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "webhook_event_list" on "webhook_event" ("workspace_id", "id");`);
    this.addSql(`create index "webhook_event_age" on "webhook_event" ("created_at");`);

    this.addSql(`create table "webhook_endpoint" ("id" text not null, "workspace_id" text not null, "sealed_url" text not null, "shown_url" text not null, "host" text not null, "description" text not null, "events" jsonb not null, "created_at" timestamptz not null, "failing_since" timestamptz null, "disabled_at" timestamptz null, "disabled_reason" text null, primary key ("id"));`);
    this.addSql(`create index "webhook_endpoint_list" on "webhook_endpoint" ("workspace_id", "id");`);

    this.addSql(`create table "webhook_secret" ("id" text not null, "workspace_id" text not null, "endpoint_id" text null, "sealed" text not null, "created_at" timestamptz not null, "expires_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "webhook_secret_of" on "webhook_secret" ("workspace_id", "endpoint_id");`);

    this.addSql(`create table "webhook_delivery" ("id" text not null, "workspace_id" text not null, "event_id" text not null, "endpoint_id" text null, "sealed_url" text null, "shown_url" text not null, "host" text not null, "state" text not null, "tries" int not null default 0, "tries_before" int not null default 0, "next_try_at" timestamptz not null, "lease_until" timestamptz null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "webhook_delivery_due" on "webhook_delivery" ("state", "workspace_id", "host", "next_try_at");`);
    this.addSql(`create index "webhook_delivery_leases" on "webhook_delivery" ("lease_until");`);
    this.addSql(`create index "webhook_delivery_list" on "webhook_delivery" ("workspace_id", "id");`);
    this.addSql(`create index "webhook_delivery_of_endpoint" on "webhook_delivery" ("endpoint_id", "state");`);
    this.addSql(`alter table "webhook_delivery" add constraint "webhook_delivery_once" unique ("event_id", "endpoint_id");`);

    this.addSql(`create table "webhook_attempt" ("delivery_id" text not null, "number" int not null, "workspace_id" text not null, "started_at" timestamptz not null, "finished_at" timestamptz null, "status" int null, "error" text null, "response" text null, primary key ("delivery_id", "number"));`);

    this.addSql(`create table "capture_webhook" ("capture_id" text not null, "sealed_url" text not null, "shown_url" text not null, "host" text not null, "events" jsonb not null, primary key ("capture_id"));`);

    this.addSql(`alter table "webhook_event" add constraint "webhook_event_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_event" enable row level security;`);
    this.addSql(`alter table "webhook_event" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "webhook_event" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "webhook_endpoint" add constraint "webhook_endpoint_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_endpoint" add constraint "webhook_endpoint_disabled_reason_check" check ("disabled_reason" in ('by_request', 'failing', 'gone'));`);
    this.addSql(`alter table "webhook_endpoint" enable row level security;`);
    this.addSql(`alter table "webhook_endpoint" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "webhook_endpoint" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "webhook_secret" add constraint "webhook_secret_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_secret" add constraint "webhook_secret_endpoint_id_foreign" foreign key ("endpoint_id") references "webhook_endpoint" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_secret" enable row level security;`);
    this.addSql(`alter table "webhook_secret" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "webhook_secret" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "webhook_delivery" add constraint "webhook_delivery_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_delivery" add constraint "webhook_delivery_event_id_foreign" foreign key ("event_id") references "webhook_event" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_delivery" add constraint "webhook_delivery_endpoint_id_foreign" foreign key ("endpoint_id") references "webhook_endpoint" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_delivery" add constraint "webhook_delivery_state_check" check ("state" in ('pending', 'delivered', 'failed'));`);
    this.addSql(`alter table "webhook_delivery" enable row level security;`);
    this.addSql(`alter table "webhook_delivery" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "webhook_delivery" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "webhook_attempt" add constraint "webhook_attempt_delivery_id_foreign" foreign key ("delivery_id") references "webhook_delivery" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_attempt" add constraint "webhook_attempt_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_attempt" enable row level security;`);
    this.addSql(`alter table "webhook_attempt" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "webhook_attempt" using ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true))) with check ((select current_setting('sessionshot.scope', true)) = 'system' or workspace_id = (select current_setting('sessionshot.workspace', true)));`);

    this.addSql(`alter table "capture_webhook" add constraint "capture_webhook_capture_id_foreign" foreign key ("capture_id") references "capture" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "capture_webhook" enable row level security;`);
    this.addSql(`alter table "capture_webhook" force row level security;`);
    this.addSql(`create policy "workspace_wall" on "capture_webhook" using ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id)) with check ((select current_setting('sessionshot.scope', true)) = 'system' or exists (select 1 from capture where capture.id = capture_id));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "webhook_delivery" drop constraint "webhook_delivery_event_id_foreign";`);
    this.addSql(`alter table "webhook_secret" drop constraint "webhook_secret_endpoint_id_foreign";`);
    this.addSql(`alter table "webhook_delivery" drop constraint "webhook_delivery_endpoint_id_foreign";`);
    this.addSql(`alter table "webhook_attempt" drop constraint "webhook_attempt_delivery_id_foreign";`);

    this.addSql(`drop table if exists "webhook_event" cascade;`);
    this.addSql(`drop table if exists "webhook_endpoint" cascade;`);
    this.addSql(`drop table if exists "webhook_secret" cascade;`);
    this.addSql(`drop table if exists "webhook_delivery" cascade;`);
    this.addSql(`drop table if exists "webhook_attempt" cascade;`);
    this.addSql(`drop table if exists "capture_webhook" cascade;`);
  }

}
