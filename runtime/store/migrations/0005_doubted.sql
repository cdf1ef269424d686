-- When a read last showed a change that may have been an old answer: whoever else reads the item and finds
-- it unchanged has the older answer, perhaps.
alter table link add column doubted_at bigint;
