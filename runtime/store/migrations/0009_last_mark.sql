-- When a key was marked last: what a worker saw before somebody else marked it may be older than the mark.
alter table dirty add column last_mark_at bigint not null default 0;
