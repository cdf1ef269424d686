-- Everything a tenant has. Times are milliseconds since 1970, given by the program: the database's own
-- clock is never asked, so a simulation and a test can move time. Ids are made by the program too.
--
-- tenant_id comes first in every primary key and every unique index, so the tables can be spread over
-- machines by tenant. Rows that belong together are written by one transaction, which is why the tables
-- below `sync` have no foreign keys: checking one per row would cost a third of the time of a commit.
--
-- Text that is compared or sorted has the collation "C": the same order on every system.

create table tenant (
  tenant_id uuid primary key,
  name text not null,
  created_at bigint not null,
  -- The end of the audit chain: how many batches, and the seal of the last one.
  audit_sequence int not null default 0,
  audit_seal text not null default ''
);

create table endpoint (
  tenant_id uuid not null references tenant,
  endpoint_id uuid not null,
  vendor text not null,
  title text not null,
  status text not null check (status in ('ok', 'paused', 'unauthorized')),
  settings jsonb not null,
  primary key (tenant_id, endpoint_id)
);

create table sync (
  tenant_id uuid not null references tenant,
  sync_id uuid not null,
  title text not null,
  status text not null check (status in ('preview', 'enabled', 'paused')),
  policy jsonb not null,
  settings jsonb not null,
  primary key (tenant_id, sync_id)
);

-- ------------------------------------------------------------------------------------------------
-- Work

-- One row per thing to look at, however often it is marked. It lives for seconds, so its pages are
-- left half empty and cleaned often.
create table dirty (
  tenant_id uuid not null,
  sync_id uuid not null,
  key text collate "C" not null,
  marks int not null,
  priority smallint not null check (priority between 0 and 3),
  -- Since the last claim.
  first_mark_at bigint,
  due_at bigint not null,
  -- New for each claim and never used again, so that a lease can be told from a later one even when
  -- the row was deleted and made anew in between; a counter would start again.
  lease uuid,
  lease_until bigint,
  attempts smallint not null default 0,
  last_error text,
  -- When it can be claimed: it is due, and nobody is at it.
  ready_at bigint not null generated always as (greatest(due_at, lease_until)) stored,
  primary key (tenant_id, sync_id, key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

-- Only a statement that says "ready_at >= 0" can use it. Without that, a look-up by key might, because
-- to the planner the few rows it expects here are as cheap as the one row of the primary key.
create index dirty_ready on dirty (tenant_id, sync_id, priority, ready_at) where ready_at >= 0;

create table cursor (
  tenant_id uuid not null,
  sync_id uuid not null,
  endpoint_id uuid not null,
  channel text collate "C" not null,
  value jsonb not null,
  primary key (tenant_id, sync_id, endpoint_id, channel)
);

-- ------------------------------------------------------------------------------------------------
-- Records

create table entity (
  tenant_id uuid not null,
  entity_id uuid not null,
  sync_id uuid not null,
  life text not null check (life in ('live', 'dead', 'held')),
  epoch int not null,
  -- Counts the commits that wrote this row, and commit_id names the last one. Links have the same, and
  -- the revision of a record is the sum: so a commit that only changes links leaves this row alone,
  -- which is by far the longest.
  revision int not null,
  commit_id uuid not null,
  -- Groups of cells with the same stamp and origin.
  cells jsonb not null,
  primary key (tenant_id, entity_id)
) with (fillfactor = 90);

create table link (
  tenant_id uuid not null,
  entity_id uuid not null,
  link_id uuid not null,
  sync_id uuid not null,
  endpoint_id uuid not null,
  remote_id text collate "C" not null,
  state text not null
    check (state in ('live', 'gone', 'held', 'duplicate', 'mergedAway', 'unlinked')),
  generation int not null,
  revision int not null,
  commit_id uuid not null,
  version double precision,
  -- What differs from the cells of the entity; null when nothing does.
  cells jsonb,
  primary key (tenant_id, entity_id, link_id)
) with (fillfactor = 90);

create unique index link_ref on link (tenant_id, sync_id, endpoint_id, remote_id);
create unique index link_live on link (tenant_id, entity_id, endpoint_id) where state = 'live';

create table entity_key (
  tenant_id uuid not null,
  key text collate "C" not null,
  entity_id uuid not null,
  primary key (tenant_id, key)
);

-- Writes whose outcome is not settled.
create table intent (
  tenant_id uuid not null,
  entity_id uuid not null,
  intent_id uuid not null,
  state text not null check (state in ('armed', 'unknown', 'applied')),
  armed_at bigint not null,
  body jsonb not null,
  primary key (tenant_id, entity_id, intent_id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

create table tombstone (
  tenant_id uuid not null,
  entity_id uuid not null,
  epoch int not null,
  at bigint not null,
  body jsonb not null,
  primary key (tenant_id, entity_id, epoch)
);

-- ------------------------------------------------------------------------------------------------
-- What people decide

create table conflict (
  tenant_id uuid not null,
  entity_id uuid not null,
  fingerprint text collate "C" not null,
  sync_id uuid not null,
  cell text not null,
  kind text not null,
  state text not null check (state in ('open', 'autoResolved', 'resolved', 'superseded')),
  at bigint not null,
  body jsonb not null,
  decision jsonb,
  primary key (tenant_id, entity_id, fingerprint)
);

-- As with dirty_ready.
create index conflict_state on conflict (tenant_id, state, at) where at >= 0;

create table review (
  tenant_id uuid not null,
  sync_id uuid not null,
  endpoint_id uuid not null,
  remote_id text collate "C" not null,
  reason text collate "C" not null,
  entity_id uuid,
  candidates jsonb not null,
  state text not null check (state in ('open', 'decided', 'closed')),
  at bigint not null,
  decision jsonb,
  primary key (tenant_id, sync_id, endpoint_id, remote_id, reason)
);

create index review_entity on review (tenant_id, entity_id) where entity_id is not null;
create index review_state on review (tenant_id, state, at) where at >= 0;

create table dead_letter (
  tenant_id uuid not null,
  sync_id uuid not null,
  key text collate "C" not null,
  code text not null,
  message text not null,
  payload jsonb not null,
  attempts int not null,
  first_at bigint not null,
  at bigint not null,
  state text not null check (state in ('open', 'replayed', 'dropped')),
  primary key (tenant_id, sync_id, key)
);

create index dead_letter_state on dead_letter (tenant_id, state, at);

-- ------------------------------------------------------------------------------------------------
-- What vendors deliver, and what happened

create table inbox (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  delivery_id text collate "C" not null,
  received_at bigint not null,
  hint jsonb not null,
  taken_until bigint not null default 0,
  processed_at bigint,
  primary key (tenant_id, endpoint_id, delivery_id)
);

create index inbox_waiting on inbox (tenant_id, received_at) where processed_at is null;
create index inbox_processed on inbox (tenant_id, processed_at) where processed_at is not null;

create table run (
  tenant_id uuid not null,
  run_id uuid not null,
  sync_id uuid not null,
  trigger text not null,
  started_at bigint not null,
  ended_at bigint,
  counts jsonb not null,
  primary key (tenant_id, run_id)
);

create index run_started on run (tenant_id, started_at, run_id);

create table run_item (
  tenant_id uuid not null,
  run_id uuid not null,
  item_id uuid not null,
  at bigint not null,
  outcome text not null,
  entity_id uuid,
  endpoint_id uuid,
  detail jsonb not null,
  primary key (tenant_id, run_id, item_id)
);

-- A chain of batches: whoever changes or drops one needs the key of the next seal.
create table audit (
  tenant_id uuid not null,
  sequence int not null,
  at bigint not null,
  items jsonb not null,
  root text not null,
  seal text not null,
  primary key (tenant_id, sequence)
);

-- ------------------------------------------------------------------------------------------------
-- Who may see what. A transaction says for which tenant it works; one that does not say fails. That
-- binds the owner of the tables too.
--
-- "Is not distinct from" is "=" that no index can be used for, and that is on purpose. Every statement
-- names the tenant itself where it looks rows up by a key. If the rule alone led to an index, then for a
-- statement that knows the very place of a row, reading all rows of the tenant would seem just as good,
-- as long as the database believes that a tenant has few.

do $$
declare
  name text;
begin
  foreach name in array array[
    'tenant', 'endpoint', 'sync', 'dirty', 'cursor', 'entity', 'link', 'entity_key', 'intent',
    'tombstone', 'conflict', 'review', 'dead_letter', 'inbox', 'run', 'run_item', 'audit'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %1$I using (%2$s) with check (%2$s)', name,
      'tenant_id is not distinct from (select current_setting(''app.tenant'')::uuid)');
  end loop;
end
$$;

grant usage on schema tributary to tributary_app, tributary_scheduler;
grant select on schema_version to tributary_app;
grant select, insert, update, delete on
  endpoint, sync, dirty, cursor, entity, link, entity_key, intent, conflict, review, dead_letter,
  inbox, run, run_item to tributary_app;
grant select, insert, update on tenant to tributary_app;
-- What happened stays.
grant select, insert on tombstone, audit to tributary_app;

-- The only way to see other tenants: who has work, how urgent, and from when. It runs as a role that
-- can read nothing but these four columns.
create policy scheduler on dirty for select to tributary_scheduler using (true);
grant select (tenant_id, sync_id, priority, ready_at) on dirty to tributary_scheduler;

-- One step through the index per tenant, sync and priority, however many rows there are.
create function waiting()
  returns table (tenant_id uuid, sync_id uuid, priority smallint, ready_at bigint)
  language sql stable security definer
  set search_path = tributary, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
  with recursive head as (
    (select d.tenant_id, d.sync_id, d.priority, d.ready_at
       from dirty d
      where d.ready_at >= 0
      order by d.tenant_id, d.sync_id, d.priority, d.ready_at
      limit 1)
    union all
    select following.*
      from head
     cross join lateral (
       select d.tenant_id, d.sync_id, d.priority, d.ready_at
         from dirty d
        where (d.tenant_id, d.sync_id, d.priority) > (head.tenant_id, head.sync_id, head.priority)
          and d.ready_at >= 0
        order by d.tenant_id, d.sync_id, d.priority, d.ready_at
        limit 1) following
  )
  select * from head
$$;

revoke all on function waiting() from public;
grant execute on function waiting() to tributary_app;
-- A function is given away only to somebody who could have made it.
grant create on schema tributary to tributary_scheduler;
alter function waiting() owner to tributary_scheduler;
revoke create on schema tributary from tributary_scheduler;
