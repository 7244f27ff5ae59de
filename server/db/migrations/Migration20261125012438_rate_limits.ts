import { Migration } from '@mikro-orm/migrations';

export class Migration20261125012438_rate_limits extends Migration {

  override name = 'Migration20261125012438_rate_limits';

  override up(): void | Promise<void> {
    this.addSql(`create unlogged table "rate_limit" ("name" text not null, "busy_until" timestamptz not null, primary key ("name")) with (fillfactor = 50);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "rate_limit" cascade;`);
  }

}
