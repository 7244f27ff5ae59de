import { Migration } from '@mikro-orm/migrations';

export class Migration20261201100000_priority extends Migration {

  override name = 'Migration20261201100000_priority';

  override up(): void | Promise<void> {
    this.addSql(`alter table "job" add "priority" int not null default 1;`);
    this.addSql(`create index "job_by_priority" on "job" ("workspace_id", "state", "priority", "turn");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "job_by_priority";`);
    this.addSql(`alter table "job" drop column "priority";`);
  }

}
