import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import { assertFits } from './judge.ts';
import { practice, query, type Asked, type Json, type Practice } from './practice.ts';

type Filled = Readonly<Record<string, unknown>>;

const any = <const Options extends readonly unknown[]>(
  ...options: Options
): fc.Arbitrary<Options[number]> => fc.constantFrom(...options);

const OPTIONS: fc.Arbitrary<Partial<AccountOptions>> = fc
  .record({
    openapi: any('3.0', '3.1'),
    schemas: any('shared', 'apart'),
    prefix: any('', '/crm'),
    names: any('camelCase', 'snake_case'),
    ids: any('uuid', 'integer'),
    idMember: any('own', 'id'),
    times: any('utc', 'offset'),
    paging: any('cursor', 'offset', 'page', 'none'),
    envelope: any('array', 'items', 'dataMeta'),
    search: any('none', 'exact', 'caseless', 'contains'),
    marker: fc.boolean(),
    changes: any('sinceAndSort', 'since', 'sort', 'none'),
    version: any('counter', 'time', 'none'),
    deletion: any('time', 'boolean', 'hard'),
    restore: fc.boolean(),
    merges: any(301, 308, 'none'),
    update: any('patch', 'put', 'both'),
    etag: fc.boolean(),
    ifMatch: fc.boolean(),
    idempotencyKey: any('none', 'sameBody', 'anyBody'),
    writeAnswers: any('item', 'id', 'location'),
    unknown: any('refuse', 'ignore'),
    existing: any('existingId', 'id', 'none'),
    errors: any('problem', 'list', 'pointer', 'message', 'error'),
    invalid: any(400, 422),
    gone: any(404, 410),
  } as const)
  .filter(
    ({ envelope, paging, version, changes, etag, ifMatch, deletion, restore }) =>
      !(envelope === 'array' && paging === 'cursor') &&
      !(version === 'none' && changes !== 'none') &&
      !(ifMatch && !etag) &&
      !(deletion === 'hard' && restore),
  );

describe('any app', () => {
  it('does what its document says, to whoever knows nothing else of it', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(OPTIONS, fc.infiniteStream(fc.nat({ max: 1000 })), async (options, dice) => {
        const app = practice(options);
        const client = await clientOf(app);
        const roll = (below: number): number => dice.next().value! % below;

        for (let number = 0; number < 5; number += 1) {
          await client.create(filled(client.input, client.document, roll, number));
        }
        const all = await client.listed();
        assert.equal(all.length, 5);

        const [member, wrong] = client.mistake(roll);
        const refused = await client.create({
          ...filled(client.input, client.document, roll, 9),
          [member]: wrong,
        });
        assert.equal(refused.status, options.invalid);
        assert.ok(JSON.stringify(refused.body).includes(member), `${member} is named`);

        const id = all[roll(5)][client.idName];
        const changed = await client.change(id, filled(client.changes, client.document, roll, 7));
        assert.equal(changed, options.writeAnswers === 'location' ? 204 : 200);
        await client.call('delete', client.one, id);
        assert.equal((await client.listed()).length, 4);
        const read = await client.call('get', client.one, id);
        assert.equal(read.status, options.deletion === 'hard' ? options.gone : 200);
        const kept = all.find((item) => item[client.idName] !== id)[client.idName];
        await client.call('get', client.one, kept);
        if (options.restore) await client.call('post', client.restore, id);
        assert.equal((await client.listed()).length, options.restore ? 5 : 4);

        const twice = { ...filled(client.input, client.document, roll, 8), email: 'a@example.com' };
        await client.create(twice);
        const { status } = await client.create(twice);
        assert.equal(status, 409);
        const outdated = await client.change(
          kept,
          filled(client.changes, client.document, roll, 6),
          { 'if-match': '"other"' },
        );
        if (options.ifMatch) assert.equal(outdated, 412);
      }),
      { numRuns: 20, seed: 7 },
    );
  });
});

/** Finds in the document what it needs, and holds every answer against it. */
async function clientOf(app: Practice) {
  const document = await app.document();
  const paths = document.paths as Record<string, Json>;
  const list = Object.keys(paths).find(
    (path) => path.endsWith('/contacts') && !path.includes('{'),
  )!;
  const one = Object.keys(paths).find((path) => /\/contacts\/\{\w+\}$/.test(path))!;
  const way = paths[one].patch ? 'patch' : 'put';
  const schemaOf = (operation: Json): Json =>
    resolved(document, operation.requestBody.content['application/json'].schema);
  const input = schemaOf(paths[list].post);
  const itemSchema = resolved(
    document,
    paths[one].get.responses['200'].content['application/json'].schema,
  );
  const own = paths[one].parameters[0].name as string;
  const members = itemSchema.allOf
    ? itemSchema.allOf.flatMap((part: Json) => Object.keys(resolved(document, part).properties))
    : Object.keys(itemSchema.properties);
  const idName: string = members.includes('id') ? 'id' : own;

  const call = async (
    method: string,
    path: string,
    id?: unknown,
    body?: unknown,
    more = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Asked> => {
    const address = path.slice(1).replace(/\{\w+\}/, String(id)) + more;
    const asked = await app.ask(method.toUpperCase(), address, body, headers);
    const { responses } = paths[path][method];
    const response = resolved(document, responses[String(asked.status)]);
    assert.ok(response, `${method} ${path}: ${asked.status} is not in the document`);
    if (response.content) assertFits(document, response, asked.body);
    else assert.equal(asked.body, '');
    return asked;
  };
  const names =
    paths[list].get.parameters?.map((parameter: Json) => resolved(document, parameter).name) ?? [];
  const itemsOf = (body: Json): Json[] => (Array.isArray(body) ? body : (body.items ?? body.data));

  return {
    document,
    one,
    idName,
    input,
    changes: schemaOf(paths[one][way]),
    call,
    create: (body: object) => call('post', list, undefined, body),
    restore: Object.keys(paths).find((path) => path === `${one}/restore`)!,
    change: async (id: unknown, body: object, headers?: Readonly<Record<string, string>>) =>
      (await call(way, one, id, body, '', headers)).status,
    async listed(): Promise<Json[]> {
      if (!names.includes('limit')) return itemsOf((await call('get', list)).body);
      const items: Json[] = [];
      let more: Record<string, string> | undefined = { limit: '2' };
      for (let page = 1; more !== undefined; page += 1) {
        const { body }: Asked = await call('get', list, undefined, undefined, query(more));
        const here = itemsOf(body);
        items.push(...here);
        const meta = body.meta ?? body;
        const next = meta.nextCursor ?? meta.next_cursor;
        if (names.includes('cursor')) more = next ? { limit: '2', cursor: next } : undefined;
        else if (here.length === 0) more = undefined;
        else if (names.includes('offset')) more = { limit: '2', offset: String(items.length) };
        else more = { limit: '2', page: String(page + 1) };
      }
      return items;
    },
    /** Some member, and a value that its schema has no place for. */
    mistake(roll: (below: number) => number): [string, unknown] {
      const writable = Object.entries(input.properties as Record<string, Json>).filter(
        ([, schema]) => schema.readOnly !== true,
      );
      const [name, schema] = writable[roll(writable.length)]!;
      const types: readonly string[] = [resolved(document, schema).type].flat();
      const values: Record<string, unknown> = {
        string: 'x',
        boolean: true,
        number: 1.5,
        object: {},
        array: [],
      };
      const [, wrong] = Object.entries(values).find(
        ([type]) => !types.includes(type) && !(type === 'number' && types.includes('integer')),
      )!;
      return [name, wrong];
    },
  };
}

function resolved(document: Json, schema: Json): Json {
  const [, kind, name] = /^#\/components\/(\w+)\/(\w+)$/.exec(schema?.$ref ?? '') ?? [];
  return kind === undefined ? schema : document.components[kind][name!];
}

/** What may be written, with a value for each member, as far as one can be made up. */
function filled(
  schema: Json,
  document: Json,
  roll: (below: number) => number,
  number: number,
): Filled {
  const properties = Object.entries(schema.properties as Record<string, Json>);
  const values = properties
    .filter(([name, its]) => its.readOnly !== true && !/companyId|company_id/.test(name))
    .filter(([name]) => schema.required?.includes(name) === true || roll(4) > 0)
    .map(([name, its]) => [name, valueFor(resolved(document, its), document, roll, number)]);
  return Object.fromEntries(values) as Filled;
}

function valueFor(
  schema: Json,
  document: Json,
  roll: (below: number) => number,
  number: number,
): unknown {
  const types: readonly string[] = [schema.type].flat();
  const isNullable = types.includes('null') || schema.nullable === true;
  if (isNullable && roll(5) === 0) return null;
  if (schema.enum) return schema.enum.filter((option: unknown) => option !== null)[0];
  if (types.includes('object')) return filled(schema, document, roll, number);
  if (types.includes('array')) return schema.items.enum.slice(0, roll(3));
  if (types.includes('boolean')) return roll(2) === 0;
  if (types.includes('integer')) return (schema.minimum ?? 0) + roll(100);
  if (schema.format === 'email') return `person${number}@example.com`;
  if (schema.format === 'date') return `20${10 + roll(89)}-02-28`;
  if (schema.pattern) return 'HU';
  return 'x'.repeat(1 + roll(schema.maxLength ?? 10));
}
