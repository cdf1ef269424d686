/** What PostgreSQL's catalog answers about a table, as JSON of our own queries. Nothing is done with it here. */
import { z } from 'zod';

export const column = z.object({
  name: z.string(),
  /** As the catalog calls it, of a domain what is below it; of an array the type of its elements. */
  type: z.string(),
  /** As a declaration would say it: `numeric(10,2)`. */
  declared: z.string(),
  isArray: z.boolean(),
  /** The values of an enumeration, else null. */
  labels: z.array(z.string()).nullable(),
  /** It is computed, or the identity of the row that nobody may give. */
  isGenerated: z.boolean(),
  hasDefault: z.boolean(),
  /** The login may write it. */
  isWritable: z.boolean(),
  comment: z.string().nullable(),
});
export type Column = z.infer<typeof column>;

/** An index that keeps values apart, or any constraint: what errors call by name. */
export const rule = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  /** For the whole table, and of nothing but plain columns. */
  isUnique: z.boolean(),
  /** Unique, but perhaps only for some rows, such as those whose value is not null. */
  isUniqueForSome: z.boolean(),
});
export type Rule = z.infer<typeof rule>;

export const table = z.object({
  columns: z.array(column),
  rules: z.array(rule),
  /** Our trigger is there and works. */
  isCaptured: z.boolean(),
});

/**
 * `$1` is the quoted name of a table, `$2` the schema of the outbox, `$3` the key and `$4` the name of the
 * table, as they are filled in: a trigger for others is not ours. Answers null when there is no such table.
 */
export const TABLE_SQL = `
select case when c.oid is null then null else json_build_object(
  'columns', (
    select coalesce(json_agg(json_build_object(
      'name', a.attname,
      'type', coalesce(element.typname, base.typname, t.typname),
      'declared', format_type(a.atttypid, a.atttypmod),
      'isArray', element.oid is not null,
      'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
                 where e.enumtypid = coalesce(element.oid, base.oid, t.oid)),
      'isGenerated', a.attgenerated <> '' or a.attidentity = 'a',
      'hasDefault', a.atthasdef or a.attidentity <> '',
      'isWritable', has_column_privilege(c.oid, a.attnum, 'update')
                 or has_column_privilege(c.oid, a.attnum, 'insert'),
      'comment', col_description(c.oid, a.attnum)
    ) order by a.attnum), '[]')
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    left join pg_type base on base.oid = t.typbasetype and t.typtype = 'd'
    left join pg_type element on element.oid = coalesce(base.typelem, t.typelem)
                             and coalesce(base.typcategory, t.typcategory) = 'A'
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and has_column_privilege(c.oid, a.attnum, 'select')),
  'rules', (
    select coalesce(json_agg(json_build_object(
      'name', found.name, 'columns', found.columns,
      'isUnique', found.is_unique and not found.is_partial, 'isUniqueForSome', found.is_unique)), '[]')
    from (
      select i.relname as name, x.indisunique as is_unique, x.indpred is not null as is_partial,
        (select json_agg(a.attname) from pg_attribute a
         where a.attrelid = c.oid and a.attnum = any (x.indkey[0:x.indnkeyatts - 1])) as columns
      from pg_index x join pg_class i on i.oid = x.indexrelid
      where x.indrelid = c.oid and x.indisunique and x.indisvalid and not 0 = any (x.indkey)
      union all
      select k.conname, false, false,
        (select json_agg(a.attname) from pg_attribute a
         where a.attrelid = c.oid and a.attnum = any (k.conkey))
      from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f')
    ) found where found.columns is not null),
  'isCaptured', exists (
    select from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
    where g.tgrelid = c.oid and g.tgname = 'tributary_capture' and g.tgenabled in ('O', 'A') and n.nspname = $2
      and position(convert_to($3, getdatabaseencoding()) || '\\x00'::bytea
        || convert_to($4, getdatabaseencoding()) || '\\x00'::bytea in g.tgargs) = 1)
) end as told
from (select to_regclass($1) as oid) c`;
