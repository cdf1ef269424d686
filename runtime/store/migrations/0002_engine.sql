-- What the engine needs beside records and work: who vanished, who used up what, and whose database
-- this is. The rules of 0001 hold: times are given by the program, and tenant_id comes first.

-- When the vendor created the item, so that an id that is used again is noticed; and since when reads
-- have been missing it, until a later one proves that it is gone.
alter table link add column created_at bigint;
alter table link add column missing_since bigint;

-- For counting. All rows of one state have the same key, which an index keeps once, so a row costs a
-- few bytes. Partial, so that no look-up by a key can take it for its own; see dirty_ready.
create index entity_life on entity (tenant_id, sync_id, life) where epoch >= 0;
create index link_endpoint on link (tenant_id, sync_id, endpoint_id) where state = 'live';

-- What happened to one record, over all runs. Ids grow with time.
create index run_item_entity on run_item (tenant_id, entity_id, item_id) where entity_id is not null;

-- How much may still be asked of a vendor: tokens that come back with time. The rate is the part of the
-- full speed at which they do, lower after the vendor has complained.
create table budget (
  tenant_id uuid not null,
  bucket text collate "C" not null,
  -- Null: full, because nobody has taken any.
  tokens double precision,
  updated_at bigint not null,
  blocked_until bigint not null default 0,
  rate double precision not null default 1 check (rate > 0 and rate <= 1),
  rate_at bigint not null,
  primary key (tenant_id, bucket)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

alter table budget enable row level security;
alter table budget force row level security;
create policy tenant on budget
  using (tenant_id is not distinct from (select current_setting('app.tenant')::uuid))
  with check (tenant_id is not distinct from (select current_setting('app.tenant')::uuid));
grant select, insert, update, delete on budget to tributary_app;

-- One row for the whole database: a digest of the secret that its audit trail is sealed with.
create table installation (
  only_row boolean primary key default true check (only_row),
  secret text not null
);
grant select, insert, update on installation to tributary_app;
