-- Which records a record refers to, so that whoever refers to one is found when its item there is another
-- one. The rules of 0001 hold.

create table entity_reference (
  tenant_id uuid not null,
  target_id uuid not null,
  entity_id uuid not null,
  primary key (tenant_id, target_id, entity_id)
);
alter table entity_reference enable row level security;
alter table entity_reference force row level security;
create policy tenant on entity_reference
  using (tenant_id is not distinct from (select current_setting('app.tenant')::uuid))
  with check (tenant_id is not distinct from (select current_setting('app.tenant')::uuid));
grant select, insert, delete on entity_reference to tributary_app;
