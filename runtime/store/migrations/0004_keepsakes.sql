-- What accounts have to know when the process has died, such as a token that was renewed. It is sealed
-- by the program: whoever has only the database cannot read it.
create table keepsake (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  name text collate "C" not null,
  sealed text not null,
  primary key (tenant_id, endpoint_id, name)
);
alter table keepsake enable row level security;
alter table keepsake force row level security;
create policy tenant on keepsake
  using (tenant_id is not distinct from (select current_setting('app.tenant')::uuid))
  with check (tenant_id is not distinct from (select current_setting('app.tenant')::uuid));
grant select, insert, update, delete on keepsake to tributary_app;
