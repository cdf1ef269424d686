-- The built-in contact store: contacts and companies of people who have no app of their own. The rules of
-- 0001 hold: times are given by the program, and tenant_id comes first.

create table contact_item (
  tenant_id uuid not null,
  collection text collate "C" not null check (collection in ('contacts', 'companies')),
  item_id uuid not null,
  -- Of what is purged, nothing is left but that it was there, so that whoever asks for changes hears of it.
  state text not null check (state in ('live', 'deleted', 'purged')),
  version int not null,
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint,
  -- What it is found by: the canonical e-mail address of a contact, the domain of a company.
  key text collate "C",
  external_id text collate "C",
  -- A digest of what it was made from, so that the same create again is known for it.
  made_from text,
  body jsonb not null,
  company_id text collate "C" generated always as (body ->> 'companyId') stored,
  primary key (tenant_id, collection, item_id),
  check ((state = 'live') = (deleted_at is null)),
  check (state <> 'purged' or (key is null and external_id is null and made_from is null))
);

-- Each index is for the statements that say its condition, and for no other; see dirty_ready.
create index contact_item_changes on contact_item (tenant_id, collection, updated_at, item_id)
  where updated_at >= 0;
create index contact_item_deleted on contact_item (tenant_id, collection, deleted_at)
  where state = 'deleted';
create index contact_item_key on contact_item (tenant_id, collection, key) where key is not null;
create unique index contact_item_email on contact_item (tenant_id, key)
  where collection = 'contacts' and state = 'live' and key is not null;
create unique index contact_item_external on contact_item (tenant_id, collection, external_id)
  where external_id is not null;
create index contact_item_company on contact_item (tenant_id, company_id)
  where company_id is not null;

-- The time of the last write of a tenant. Whoever writes takes the next one and holds this row until the
-- commit, so that times are in the order of commits.
create table contact_clock (
  tenant_id uuid primary key,
  at bigint not null
);

do $$
declare
  name text;
begin
  foreach name in array array['contact_item', 'contact_clock'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %1$I using (%2$s) with check (%2$s)', name,
      'tenant_id is not distinct from (select current_setting(''app.tenant'')::uuid)');
  end loop;
end
$$;

-- Nothing is deleted: what is purged stays as a tombstone.
grant select, insert, update on contact_item, contact_clock to tributary_app;
