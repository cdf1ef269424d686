-- What a vendor merged an item into: whoever refers to the one means the other.
alter table link add column merged_into text collate "C";
