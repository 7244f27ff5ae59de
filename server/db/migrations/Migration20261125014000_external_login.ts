import { Migration } from '@mikro-orm/migrations';

export class Migration20261125014000_external_login extends Migration {

  override name = 'Migration20261125014000_external_login';

  override up(): void | Promise<void> {
    this.addSql(`create table "external_login" ("issuer" text not null, "subject" text not null, "user_id" text not null, "created_at" timestamptz not null, "last_used_at" timestamptz null, primary key ("issuer", "subject"));`);
    this.addSql(`alter table "external_login" add constraint "external_login_user_unique" unique ("issuer", "user_id");`);

    this.addSql(`alter table "external_login" add constraint "external_login_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "external_login" cascade;`);
  }

}
