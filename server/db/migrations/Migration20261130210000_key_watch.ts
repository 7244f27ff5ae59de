import { Migration } from '@mikro-orm/migrations';

/** As the migration of row-level security has it: made anew, so that no session goes on with a plan for the old columns. */
const FIND_KEY = `create or replace function "api_key_of_hash" (key_hash text) returns setof "api_key" language plpgsql as $$
      declare scope_before text := coalesce(current_setting('sessionshot.scope', true), '');
      begin
        perform set_config('sessionshot.scope', 'system', true);
        return query select * from "api_key" where "hash" = key_hash;
        perform set_config('sessionshot.scope', scope_before, true);
      end $$;`;

export class Migration20261130210000_key_watch extends Migration {

  override name = 'Migration20261130210000_key_watch';

  override up(): void | Promise<void> {
    this.addSql(`alter table "api_key" add "networks" jsonb null, add "max_concurrent_captures" int null;`);
    this.addSql(FIND_KEY);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "api_key" drop column "networks", drop column "max_concurrent_captures";`);
    this.addSql(FIND_KEY);
  }

}
