import { Migration } from '@mikro-orm/migrations';

export class Migration20261201010000_runner_browser extends Migration {

  override name = 'Migration20261201010000_runner_browser';

  override up(): void | Promise<void> {
    this.addSql(`alter table "runner" add "browser_version" text null, add "browser_is_old" boolean null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "runner" drop column "browser_version", drop column "browser_is_old";`);
  }

}
