import { Migration } from '@mikro-orm/migrations';

export class Migration20261125011600_second_factor extends Migration {

  override name = 'Migration20261125011600_second_factor';

  override up(): void | Promise<void> {
    this.addSql(`create table "totp" ("user_id" text not null, "sealed_secret" text not null, "created_at" timestamptz not null, "confirmed_at" timestamptz null, "last_step" int null, "tries" int not null, "tries_since" timestamptz null, primary key ("user_id"));`);
    this.addSql(`alter table "totp" add constraint "totp_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on update cascade on delete cascade;`);

    this.addSql(`create table "recovery_code" ("code_hash" text not null, "user_id" text not null, primary key ("code_hash"));`);
    this.addSql(`alter table "recovery_code" add constraint "recovery_code_user_id_foreign" foreign key ("user_id") references "app_user" ("id") on delete cascade;`);

    this.addSql(`alter table "console_session" add "id" text null, add "way" text null, add "address" text null;`);
    // People who are signed in stay so: their sessions are given an id that tells nothing of the token. Where row-level
    // security holds the owner of the tables too, it must see them all for that.
    this.addSql(`select set_config('sessionshot.scope', 'system', true);`);
    this.addSql(`update "console_session" set "id" = 'ses_' || substr(upper(md5(gen_random_uuid()::text)), 1, 26);`);
    this.addSql(`alter table "console_session" alter column "id" set not null;`);
    this.addSql(`alter table "console_session" add constraint "console_session_id_unique" unique ("id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "console_session" drop constraint "console_session_id_unique";`);
    this.addSql(`alter table "console_session" drop column "id", drop column "way", drop column "address";`);
    this.addSql(`drop table if exists "recovery_code" cascade;`);
    this.addSql(`drop table if exists "totp" cascade;`);
  }

}
