import { Migration } from '@mikro-orm/migrations';

export class Migration20261124230000_runner_sandbox extends Migration {

  override name = 'Migration20261124230000_runner_sandbox';

  override up(): void | Promise<void> {
    this.addSql(`alter table "runner" add "sandbox" text null;`);
    this.addSql(`alter table "runner" add constraint "runner_sandbox_check" check ("sandbox" in ('on', 'off'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "runner" drop constraint "runner_sandbox_check";`);
    this.addSql(`alter table "runner" drop column "sandbox";`);
  }

}
