import { Migration } from '@mikro-orm/migrations';

const TABLES = ['totp', 'recovery_code', 'external_login'];
const IS_SYSTEM = `(select current_setting('sessionshot.scope', true)) = 'system'`;

export class Migration20261125030000_second_factor_wall extends Migration {

  override name = 'Migration20261125030000_second_factor_wall';

  override up(): void | Promise<void> {
    for (const table of TABLES) {
      this.addSql(`alter table "${table}" enable row level security;`);
      this.addSql(`alter table "${table}" force row level security;`);
      this.addSql(`create policy "workspace_wall" on "${table}" using (${IS_SYSTEM}) with check (${IS_SYSTEM});`);
    }
  }

  override down(): void | Promise<void> {
    for (const table of TABLES) {
      this.addSql(`drop policy "workspace_wall" on "${table}";`);
      this.addSql(`alter table "${table}" no force row level security;`);
      this.addSql(`alter table "${table}" disable row level security;`);
    }
  }

}
