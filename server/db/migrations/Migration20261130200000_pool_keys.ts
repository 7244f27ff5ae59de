import { Migration } from '@mikro-orm/migrations';

export class Migration20261130200000_pool_keys extends Migration {

  override name = 'Migration20261130200000_pool_keys';

  override up(): void | Promise<void> {
    this.addSql(`create table "revoked_pool_key" ("kid" text not null, "revoked_at" timestamptz not null, primary key ("kid"));`);

    this.addSql(`alter table "capture_payload" add "kid" text null, add "auth_kid" text null;`);
    // What waits says in its header what it is sealed to; what a client sealed inside it can be read by runners alone.
    this.addSql(`select set_config('sessionshot.scope', 'system', true);`);
    this.addSql(`update "capture_payload" set "kid" = convert_from(decode(rpad(translate(split_part("sealed", '.', 1), '-_', '+/'), (ceil(length(split_part("sealed", '.', 1)) / 4.0) * 4)::int, '='), 'base64'), 'utf8')::jsonb ->> 'kid' where "sealed" ~ '^ey[A-Za-z0-9_-]+[.]';`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "capture_payload" drop column "kid", drop column "auth_kid";`);

    this.addSql(`drop table if exists "revoked_pool_key" cascade;`);
  }

}
