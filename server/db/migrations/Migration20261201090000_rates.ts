import { Migration } from '@mikro-orm/migrations';

export class Migration20261201090000_rates extends Migration {

  override name = 'Migration20261201090000_rates';

  override up(): void | Promise<void> {
    // The clock is read where it is used: now() would be the time before a wait for the row.
    this.addSql(`create function "take_rate" (of_name text, step_ms float8, burst float8, asked integer) returns table (granted integer, busy_ms float8)
      language plpgsql as $$
      declare
        step interval := step_ms * interval '1 millisecond';
        clock timestamptz;
        busy timestamptz;
      begin
        for try in 1..3 loop
          select busy_until into busy from "rate_limit" where name = of_name for update;
          clock := clock_timestamp();
          if found then
            busy := greatest(busy, clock);
            granted := greatest(0, least(asked, floor(burst - extract(epoch from busy - clock) * 1000 / step_ms)::integer));
            if granted > 0 then update "rate_limit" set busy_until = busy + granted * step where name = of_name; end if;
            busy_ms := extract(epoch from busy - clock) * 1000;
            return next;
            return;
          end if;
          granted := least(asked, floor(burst)::integer);
          insert into "rate_limit" (name, busy_until) values (of_name, clock + granted * step) on conflict (name) do nothing;
          if found then
            busy_ms := 0;
            return next;
            return;
          end if;
        end loop;
        granted := 0;
        busy_ms := burst * step_ms;
        return next;
      end $$;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop function "take_rate" (text, float8, float8, integer);`);
  }

}
