import { Migration } from '@mikro-orm/migrations';

export class Migration20261201015000_legal_hold extends Migration {

  override name = 'Migration20261201015000_legal_hold';

  override up(): void | Promise<void> {
    this.addSql(`alter table "capture" add "held_at" timestamptz null, add "deleting_at" timestamptz null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "capture" drop column "held_at", drop column "deleting_at";`);
  }

}
