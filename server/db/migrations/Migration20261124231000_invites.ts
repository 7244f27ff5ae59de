import { Migration } from '@mikro-orm/migrations';

export class Migration20261124231000_invites extends Migration {

  override name = 'Migration20261124231000_invites';

  override up(): void | Promise<void> {
    this.addSql(`create table "invite" ("id" text not null, "workspace_id" text not null, "email" text not null, "role" text not null, "token_hash" text not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "invite" add constraint "invite_token_hash_unique" unique ("token_hash");`);
    this.addSql(`alter table "invite" add constraint "invite_unique" unique ("workspace_id", "email");`);
    this.addSql(`alter table "invite" add constraint "invite_workspace_id_foreign" foreign key ("workspace_id") references "workspace" ("id") on delete cascade;`);
    this.addSql(`alter table "invite" add constraint "invite_role_check" check ("role" in ('owner', 'admin', 'developer', 'viewer'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "invite" cascade;`);
  }

}
