-- Which items the references of an item led to, where their records had others there before: a reference that
-- is empty because its item is gone was not emptied by anybody.
alter table link add column led_to jsonb;
