/**
 * A real PostgreSQL as the suite for connectors sees vendors: every scene has a table and a login of its
 * own. Its clock runs by itself, so waiting for lags that a local server does not have is cut short.
 */
import { postgres } from '../../../runtime/connectors/postgres/postgres.ts';
import { installSql } from '../../../runtime/connectors/postgres/outbox.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import type { LogEntry } from '../../sim/virtual-world.ts';
import type { Raw, SceneWorld, Setting, Vendor } from '../scene.ts';
import { handsOn, type Hands } from './hands.ts';
import { wireTo, type Wire } from './wire.ts';

export interface Way {
  readonly outbox?: boolean;
  readonly updatedAt?: boolean;
  readonly deleted?: 'timestamptz' | 'boolean';
  readonly marker?: 'unique' | 'plain';
  readonly version?: boolean;
  readonly uniqueEmail?: boolean;
}

export interface Ground {
  readonly database: TestDatabase;
  readonly hands: Hands;
  readonly wire: Wire;
  /** A login that may do nothing yet. */
  login(): string;
  stop(): Promise<void>;
}

export const PASSWORD = 'canary-password-3f9a';

export async function ground(): Promise<Ground> {
  const database = await createTestDatabase({ migrated: false });
  const hands = handsOn(database.connection);
  const wire = await wireTo(database.connection);
  const logins: string[] = [];
  return {
    database,
    hands,
    wire,
    login() {
      const login = `${database.connection.database}_login_${logins.length}`;
      logins.push(login);
      hands.sql(`create role ${login} login password '${PASSWORD}'`);
      return login;
    },
    async stop() {
      await wire.stop();
      for (const login of logins) hands.sql(`drop owned by ${login}; drop role ${login}`);
      await hands.stop();
      await database.drop();
    },
  };
}

const CANNOT = [
  'points an item to another one and to none, and tells so',
  'renews its token once for all calls that need it, and keeps the new one',
  // These are about limits, versions kept and webhooks, and there are none.
  'is throttled for as long as the vendor asks',
  'knows of its limits what the vendor keeps to',
  'remembers what an item went through, where it says so',
  'tells which item a genuine webhook is about, and takes it twice',
  'refuses a webhook with a wrong signature, or none',
  'is told of changes as often as before when it asks for it again, and then no more',
  'refuses a webhook whose body was changed, even in its blanks',
  'refuses a webhook that is old, which somebody may have copied',
];

export function settingOf(way: Way, on: () => Ground): Setting {
  return { title: JSON.stringify(way), cannot: CANNOT, start: () => start(way, on()) };
}

let scenes = 0;

function start(way: Way, site: Ground): Vendor {
  const { hands, wire, database } = site;
  scenes += 1;
  const schema = `app_${scenes}`;
  const user = site.login();
  makeTable(hands, schema, way);
  hands.sql(
    `grant usage on schema ${schema} to ${user};
     grant create on schema ${schema} to ${user};
     grant create on database ${database.connection.database} to ${user};
     alter table ${schema}.people owner to ${user}`,
  );
  const outbox = `${schema}_outbox`;
  if (way.outbox) {
    const ignored = [...(way.updatedAt ? ['updated_at'] : []), ...(way.version ? ['version'] : [])];
    const captured = { schema, table: 'people', key: 'id', ignored };
    for (const sql of installSql(outbox, [captured], user)) hands.sql(sql);
  }
  const by = (who: string, work: string): string =>
    `begin; set local tributary.origin = '${who}'; ${work}; commit`;
  const ids = (condition: string) =>
    hands.sql<{ id: string; raw: Raw }>(
      `select id::text, to_jsonb(t) as raw from ${schema}.people t where ${condition} order by id`,
    );
  const gone = way.deleted === 'boolean' ? 'true' : 'clock_timestamp()';
  const isThere =
    way.deleted === undefined
      ? 'true'
      : way.deleted === 'boolean'
        ? 'not deleted'
        : 'deleted is null';
  const remove = (id: string): void => {
    const sql =
      way.deleted === undefined
        ? `delete from ${schema}.people where id = ${id}`
        : `update ${schema}.people set deleted = ${gone} where id = ${id}`;
    hands.sql(by('person', sql));
  };
  const edit = (id: string, raw: Raw, who: string): void => {
    const names = Object.keys(raw).join(', ');
    const source = `json_populate_record(null::${schema}.people, ${text(JSON.stringify(raw))}::json)`;
    const set = `update ${schema}.people set (${names}) = (select ${names} from ${source}) where id = ${id}`;
    hands.sql(by(who, set));
  };
  return {
    world: worldAround(wire),
    connector: postgres,
    config: {
      host: '127.0.0.1',
      port: wire.port,
      database: database.connection.database,
      user,
      password: PASSWORD,
      encryption: 'none',
      outbox,
      tables: [tableOf(schema, way)],
    },
    collection: `${schema}.people`,
    people: {
      create(raw) {
        const names = Object.keys(raw).join(', ');
        const source = `json_populate_record(null::${schema}.people, ${text(JSON.stringify(raw))}::json)`;
        hands.sql(
          by('person', `insert into ${schema}.people (${names}) select ${names} from ${source}`),
        );
        return hands.sql<{ id: string }>(`select max(id)::text as id from ${schema}.people`)[0]!.id;
      },
      edit,
      remove,
      merge(loser, winner) {
        remove(loser);
        return winner;
      },
      items: () => ids(isThere),
      addFields(count) {
        const paths = Array.from({ length: count }, (_, number) => `own_${number}`);
        const columns = paths.map((path) => `add column ${path} text`);
        hands.sql(`alter table ${schema}.people ${columns.join(', ')}`);
        return paths;
      },
      forbid: () => void hands.sql(`revoke all on ${schema}.people from ${user}`),
      revoke: () =>
        void hands.sql(
          `alter role ${user} nologin;
           select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '${user}'`,
        ),
    },
    sample,
    edit: { name: 'Anna Kovács-Tóth', tags: ['moved'], status: 'customer' },
    unacceptable: { raw: { status: 'no such status' }, path: 'status' },
    tellsAuthors: way.outbox === true,
    lateMs: 20,
    troubles: ['lost', 'answerLost', 'late', 'busy'],
    trouble(next) {
      if (next.kind === 'busy') hands.sql(`update ${schema}.mood set is_busy = true`);
      else wire.trouble(next);
    },
    delivery: () => Promise.reject(new Error('It sends nothing.')),
  };
}

function sample(number: number): Raw {
  return {
    email: `anna${number}@example.com`,
    name: `Anna ${number}`,
    status: 'lead',
    tags: [`tag ${number}`, 'vip'],
    address: { city: 'Pécs', number },
  };
}

function tableOf(schema: string, way: Way): Raw {
  return {
    name: `${schema}.people`,
    key: 'id',
    ...(way.updatedAt && { updatedAt: 'updated_at' }),
    ...(way.deleted && { deleted: 'deleted' }),
    ...(way.marker && { marker: 'crm_marker' }),
    ...(way.version && { version: 'version' }),
  };
}

function makeTable(hands: Hands, schema: string, way: Way): void {
  const columns = [
    'id bigint generated always as identity primary key',
    `email text${way.uniqueEmail ? ' unique' : ''}`,
    'name text',
    `status ${schema}.status`,
    'tags text[]',
    'address jsonb',
    'photo bytea',
    `shout text generated always as (upper(name)) stored`,
    ...(way.updatedAt ? ['updated_at timestamptz not null default clock_timestamp()'] : []),
    ...(way.deleted
      ? [`deleted ${way.deleted}${way.deleted === 'boolean' ? ' not null default false' : ''}`]
      : []),
    ...(way.marker ? [`crm_marker text${way.marker === 'unique' ? ' unique' : ''}`] : []),
    ...(way.version ? ['version bigint not null default 1'] : []),
  ];
  hands.sql(`create schema ${schema};
    create type ${schema}.status as enum ('lead', 'customer');
    create table ${schema}.people (${columns.join(', ')});
    create table ${schema}.mood (is_busy boolean);
    insert into ${schema}.mood values (false);
    create function ${schema}.touch() returns trigger language plpgsql security definer as $$ begin
      if (select is_busy from ${schema}.mood) then
        raise exception 'not just now' using errcode = 'lock_not_available';
      end if;
      ${way.updatedAt ? 'new.updated_at = clock_timestamp();' : ''}
      ${way.version ? `if tg_op = 'UPDATE' then new.version = old.version + 1; end if;` : ''}
      return new;
    end $$;
    create trigger touch before insert or update on ${schema}.people
    for each row execute function ${schema}.touch()`);
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

const WAIT_MS_MAX = 5;

export function worldAround(wire: Wire): SceneWorld {
  const logged: LogEntry[] = [];
  const real = systemWorld({ allowedHosts: [`127.0.0.1:${wire.port}`] });
  const { schedule, clock } = real;
  return {
    ...real,
    logged,
    log: {
      write: (level, message, details = {}) =>
        void logged.push({ atMs: clock.now(), level, message, details }),
    },
    schedule: {
      after(delayMs, task) {
        if (delayMs > 0) return schedule.after(delayMs, task);
        const turn = setImmediate(task);
        return () => clearImmediate(turn);
      },
      async sleep(delayMs, signal) {
        await schedule.sleep(Math.min(delayMs, WAIT_MS_MAX), signal);
        await wire.settled();
      },
    },
  };
}
