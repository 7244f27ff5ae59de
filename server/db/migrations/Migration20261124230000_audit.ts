import { Migration } from '@mikro-orm/migrations';

export class Migration20261124230000_audit extends Migration {

  override name = 'Migration20261124230000_audit';

  override up(): void | Promise<void> {
    this.addSql(`create table "audit_event" ("id" text not null, "workspace_id" text null, "at" timestamptz not null, "actor_kind" text not null, "actor_id" text null, "address" text null, "action" text not null, "target" text null, "outcome" text not null, "detail" text null, primary key ("id"));`);
    this.addSql(`create index "audit_event_list" on "audit_event" ("workspace_id", "id");`);
    this.addSql(`create index "audit_event_recent" on "audit_event" ("action", "at");`);
    this.addSql(`alter table "audit_event" add constraint "audit_event_outcome_check" check ("outcome" in ('ok', 'refused'));`);

    this.addSql(`create table "audit_link" ("position" bigint not null, "event_id" text not null, "previous_hash" text not null, "hash" text not null, primary key ("position"));`);
    this.addSql(`alter table "audit_link" add constraint "audit_link_event_id_unique" unique ("event_id");`);

    this.addSql(`create table "audit_pending" ("event_id" text not null, primary key ("event_id"));`);

    for (const table of ['audit_event', 'audit_link']) {
      this.addSql(`create or replace function "${table}_append_only_fn"() returns trigger as $$ begin raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege'; end; $$ language plpgsql`);
      this.addSql(`create trigger "append_only" BEFORE UPDATE OR DELETE on "${table}" for each STATEMENT execute function "${table}_append_only_fn"()`);
      this.addSql(`create trigger "append_only_truncate" BEFORE TRUNCATE on "${table}" for each STATEMENT execute function "${table}_append_only_fn"()`);
    }
  }
}
