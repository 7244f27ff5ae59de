import { Migration } from '@mikro-orm/migrations';

export class Migration20261125080000_domain_proof extends Migration {

  override name = 'Migration20261125080000_domain_proof';

  override up(): void | Promise<void> {
    this.addSql(`alter table "allowed_domain" add "proof_token" text null, add "proved_at" timestamptz null;`);
  }

  override down(): void | Promise<void> {
    // What waits counts for nothing: without the columns it would. The wall hides it from whoever says nothing.
    this.addSql(`select set_config('sessionshot.scope', 'system', true);`);
    this.addSql(`delete from "allowed_domain" where "proof_token" is not null and "proved_at" is null;`);
    this.addSql(`alter table "allowed_domain" drop column "proof_token", drop column "proved_at";`);
  }

}
