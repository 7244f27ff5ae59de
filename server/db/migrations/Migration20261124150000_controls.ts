import { Migration } from '@mikro-orm/migrations';

export class Migration20261124150000_controls extends Migration {

  override name = 'Migration20261124150000_controls';

  override up(): void | Promise<void> {
    this.addSql(`alter table "capture" add "controls" jsonb null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "capture" drop column "controls";`);
  }

}
