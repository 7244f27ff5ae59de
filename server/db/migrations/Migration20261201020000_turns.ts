import { Migration } from '@mikro-orm/migrations';

export class Migration20261201020000_turns extends Migration {

  override name = 'Migration20261201020000_turns';

  override up(): void | Promise<void> {
    this.addSql(`alter table "job" add "turn" bigint not null default 0;`);
    this.addSql(`update "job" set "turn" = "waiting"."place" from (
      select "id", row_number() over (partition by "workspace_id" order by "available_at", "id") as "place" from "job" where "state" = 'available'
    ) "waiting" where "waiting"."id" = "job"."id";`);
    this.addSql(`create index "job_turns" on "job" ("state", "turn");`);
    this.addSql(`drop index "job_by_workspace";`);
    this.addSql(`create index "job_by_workspace" on "job" ("workspace_id", "state", "turn");`);
    // Which turn it is hangs on what waits in all workspaces: the wall is open inside of it, and a number comes out.
    this.addSql(`create function "next_turn" (of_workspace text) returns bigint language plpgsql as $$
      declare
        scope_before text := coalesce(current_setting('sessionshot.scope', true), '');
        turn_now bigint;
      begin
        -- Until the capture is there: two that come at once would be given one turn, and a flood a share of many.
        perform pg_advisory_xact_lock(hashtextextended(of_workspace, 0));
        perform set_config('sessionshot.scope', 'system', true);
        select greatest(
          coalesce((select min(turn) from "job" where state = 'available' and available_at <= now() and deadline_at > now() and not cancel_requested), 0),
          coalesce((select max(turn) + 1 from "job" where state = 'available' and workspace_id = of_workspace), 0)
        ) into turn_now;
        perform set_config('sessionshot.scope', scope_before, true);
        return turn_now;
      end $$;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop function "next_turn" (text);`);
    this.addSql(`drop index "job_by_workspace";`);
    this.addSql(`create index "job_by_workspace" on "job" ("workspace_id", "state");`);
    this.addSql(`drop index "job_turns";`);
    this.addSql(`alter table "job" drop column "turn";`);
  }

}
