import { Migration } from '@mikro-orm/migrations';

export class Migration20261125090000_strict_egress extends Migration {

  override name = 'Migration20261125090000_strict_egress';

  override up(): void | Promise<void> {
    this.addSql(`alter table "workspace" add "egress_mode" text not null default 'standard';`);
    this.addSql(`alter table "workspace" add constraint "workspace_egress_mode_check" check ("egress_mode" in ('standard', 'strict'));`);

    this.addSql(`alter table "allowed_domain" add "use" text not null default 'pages';`);
    this.addSql(`alter table "allowed_domain" add constraint "allowed_domain_use_check" check ("use" in ('pages', 'parts'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "workspace" drop constraint "workspace_egress_mode_check";`);
    this.addSql(`alter table "workspace" drop column "egress_mode";`);

    // What was for parts alone was no page: without the column it would be one. The wall hides it from whoever says nothing.
    this.addSql(`select set_config('sessionshot.scope', 'system', true);`);
    this.addSql(`delete from "allowed_domain" where "use" = 'parts';`);
    this.addSql(`alter table "allowed_domain" drop constraint "allowed_domain_use_check";`);
    this.addSql(`alter table "allowed_domain" drop column "use";`);
  }

}
