import { Migration } from '@mikro-orm/migrations';

export class Migration20261122232518_initial extends Migration {

  override name = 'Migration20261122232518_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "runner" ("id" text not null, "name" text not null, "token_hash" text not null, "created_at" timestamptz not null, "last_seen_at" timestamptz null, "revoked_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "runner" add constraint "runner_token_hash_unique" unique ("token_hash");`);

    this.addSql(`create table "app_user" ("id" text not null, "email" text null, "name" text not null, "password_hash" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "app_user" add constraint "app_user_email_unique" unique ("email");`);

    this.addSql(`create table "sign_in_link" ("token_hash" text not null, "user_id" text not null, "expires_at" timestamptz not null, primary key ("token_hash"));`);

    this.addSql(`create table "workspace" ("id" text not null, "name" text not null, "created_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "member" ("workspace_id" text not null, "user_id" text not null, "role" text not null, "created_at" timestamptz not null, primary key ("workspace_id", "user_id"));`);

    this.addSql(`create table "idempotency_record" ("workspace_id" text not null, "key" text not null, "fingerprint" text not null, "capture_id" text not null, "answer" json not null, "created_at" timestamptz not null, primary key ("workspace_id", "key"));`);
    this.addSql(`create index "idempotency_age" on "idempotency_record" ("created_at");`);
    this.addSql(`create index "idempotency_capture" on "idempotency_record" ("capture_id");`);

    this.addSql(`create table "console_session" ("token_hash" text not null, "user_id" text not null, "workspace_id" text not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, primary key ("token_hash"));`);

    this.addSql(`create table "capture" ("id" text not null, "workspace_id" text not null, "created_by" text null, "status" text not null, "verdict" text null, "partial" boolean not null default false, "format" text not null, "url" text not null, "host" text not null, "final_url" text null, "http_status" int null, "retention_ms" bigint not null, "tags" jsonb not null, "reference" text null, "timings" jsonb not null, "readiness" jsonb null, "egress" jsonb null, "auth_receipt" jsonb null, "failure" jsonb null, "created_at" timestamptz not null, "queued_at" timestamptz not null, "started_at" timestamptz null, "stored_at" timestamptz null, "link_issued_at" timestamptz null, "finished_at" timestamptz null, "deadline_at" timestamptz not null, "expires_at" timestamptz null, "asset_expired_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "capture_list" on "capture" ("workspace_id", "id");`);
    this.addSql(`create index "capture_list_by_status" on "capture" ("workspace_id", "status", "id");`);
    this.addSql(`create index "capture_expiry" on "capture" ("asset_expired_at", "expires_at");`);

    this.addSql(`create table "job" ("id" text not null, "capture_id" text not null, "workspace_id" text not null, "state" text not null, "attempt" int not null default 0, "target_failures" int not null default 0, "process_deaths" int not null default 0, "side_effects" boolean not null default false, "retry_after_actions" boolean not null default false, "cancel_requested" boolean not null default false, "step" text null, "runner_id" text null, "lease_token_hash" text null, "lease_until" timestamptz null, "available_at" timestamptz not null, "announcing_until" timestamptz null, "announced_at" timestamptz null, "deadline_at" timestamptz not null, "total_ms" int not null, "key_domains" jsonb null, primary key ("id"));`);
    this.addSql(`alter table "job" add constraint "job_capture_id_unique" unique ("capture_id");`);
    this.addSql(`create index "job_due" on "job" ("state", "available_at");`);
    this.addSql(`create index "job_leases" on "job" ("state", "lease_until");`);
    this.addSql(`create index "job_deadlines" on "job" ("state", "deadline_at");`);
    this.addSql(`create index "job_by_workspace" on "job" ("workspace_id", "state");`);

    this.addSql(`create table "capture_payload" ("capture_id" text not null, "sealed" text not null, primary key ("capture_id"));`);

    this.addSql(`create table "attempt" ("capture_id" text not null, "number" int not null, "runner_id" text null, "started_at" timestamptz not null, "finished_at" timestamptz null, "code" text null, "lease_token_hash" text not null, "outcome" text null, primary key ("capture_id", "number"));`);

    this.addSql(`create table "asset" ("capture_id" text not null, "blob_name" text not null, "content_type" text not null, "bytes" int not null, "sha256" text not null, "width" int null, "height" int null, "pages" int null, primary key ("capture_id"));`);

    this.addSql(`create table "api_key" ("id" text not null, "workspace_id" text not null, "name" text not null, "hint" text not null, "hash" text not null, "scopes" jsonb not null, "domains" jsonb null, "allowed_addresses" jsonb null, "created_at" timestamptz not null, "expires_at" timestamptz null, "revoked_at" timestamptz null, "last_used_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "api_key" add constraint "api_key_hash_unique" unique ("hash");`);

    this.addSql(`create table "allowed_domain" ("id" text not null, "workspace_id" text not null, "host" text not null, "port" int not null, "is_private" boolean not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "allowed_domain" add constraint "allowed_domain_unique" unique ("workspace_id", "host", "port");`);

    this.addSql(`alter table "sign_in_link" add constraint "sign_in_link_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on delete cascade;`);

    this.addSql(`alter table "member" add constraint "member_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "member" add constraint "member_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "member" add constraint "member_role_check" check ("role" in ('owner', 'admin', 'developer', 'viewer'));`);

    this.addSql(`alter table "idempotency_record" add constraint "idempotency_record_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);

    this.addSql(`alter table "console_session" add constraint "console_session_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on delete cascade;`);
    this.addSql(`alter table "console_session" add constraint "console_session_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);

    this.addSql(`alter table "capture" add constraint "capture_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "capture" add constraint "capture_status_check" check ("status" in ('queued', 'running', 'succeeded', 'failed', 'canceled'));`);
    this.addSql(`alter table "capture" add constraint "capture_verdict_check" check ("verdict" in ('authenticated', 'unverified', 'login_wall', 'denied', 'error_page'));`);
    this.addSql(`alter table "capture" add constraint "capture_format_check" check ("format" in ('png', 'jpeg', 'webp', 'pdf'));`);

    this.addSql(`alter table "job" add constraint "job_capture_id_foreign" foreign key ("capture_id") references "capture" ("id") on delete cascade;`);
    this.addSql(`alter table "job" add constraint "job_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "job" add constraint "job_runner_id_foreign" foreign key ("runner_id") references "runner" ("id") on delete set null;`);
    this.addSql(`alter table "job" add constraint "job_state_check" check ("state" in ('available', 'leased', 'settled'));`);

    this.addSql(`alter table "capture_payload" add constraint "capture_payload_capture_id_foreign" foreign key ("capture_id") references "capture" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "attempt" add constraint "attempt_capture_id_foreign" foreign key ("capture_id") references "capture" ("id") on delete cascade;`);
    this.addSql(`alter table "attempt" add constraint "attempt_outcome_check" check ("outcome" in ('completed', 'failed', 'lost', 'canceled'));`);

    this.addSql(`alter table "asset" add constraint "asset_capture_id_foreign" foreign key ("capture_id") references "capture" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "api_key" add constraint "api_key_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);

    this.addSql(`alter table "allowed_domain" add constraint "allowed_domain_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
  }
}
