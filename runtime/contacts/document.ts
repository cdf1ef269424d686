/**
 * The OpenAPI document of the contact store, worked out from the schemas that requests are checked against.
 * It calls everything by the names that the connector for own apps looks for, so nothing has to be set there.
 */
import { z } from 'zod';
import { COLLECTIONS, type CollectionForm } from './fields.ts';
import { itemSchema, listQuery, purgeInput } from './showing.ts';

type Json = Readonly<Record<string, unknown>>;

export function documentOf(title: string): Json {
  const forms = Object.values(COLLECTIONS);
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '1.0.0',
      description:
        'Contacts and companies. Deleting marks; what is deleted can be restored until it is purged.',
    },
    security: [{ token: [] }],
    paths: Object.assign({}, ...forms.map(pathsOf)) as Json,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      responses: {
        Problem: {
          description: 'It was not done.',
          content: { 'application/problem+json': { schema: PROBLEM } },
        },
      },
      schemas: Object.assign({}, ...forms.map(schemasOf)) as Json,
    },
  };
}

const PROBLEM: Json = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong, and what to do.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    existingId: { type: 'string', description: 'The item that has the value already.' },
  },
};

function schemasOf(form: CollectionForm): Json {
  return {
    [nameOf(form)]: schemaOf(itemSchema(form), 'output'),
    [`${nameOf(form)}Input`]: schemaOf(form.input, 'input'),
  };
}

function pathsOf(form: CollectionForm): Json {
  const { name, one } = form;
  const item = ref(nameOf(form));
  const body = content(ref(`${nameOf(form)}Input`));
  const id = {
    name: `${one}Id`,
    in: 'path',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  };
  const ifMatch = {
    name: 'If-Match',
    in: 'header',
    schema: { type: 'string' },
    description: 'The ETag of a read: only while that is the version.',
  };
  const page = {
    type: 'object',
    required: ['items', 'next'],
    properties: { items: { type: 'array', items: item }, next: { type: ['string', 'null'] } },
  };
  const purged = {
    type: 'object',
    required: ['purged', 'more'],
    properties: { purged: { type: 'integer' }, more: { type: 'boolean' } },
  };
  return {
    [`/${name}`]: {
      get: {
        operationId: `list-${name}`,
        parameters: queryOf(form),
        responses: { ...done(200, page), ...problems(400, 401) },
      },
      post: {
        operationId: `create-${one}`,
        requestBody: { required: true, ...body },
        responses: {
          // The same create again: the first item, as it is now.
          ...done(200, item),
          ...done(201, item),
          ...problems(400, 401, 409, 413, 415, 422),
        },
      },
    },
    [`/${name}/{${one}Id}`]: {
      parameters: [id],
      get: {
        operationId: `get-${one}`,
        responses: { ...done(200, item, true), ...problems(401, 404, 410) },
      },
      patch: {
        operationId: `update-${one}`,
        description: 'Members that are not sent stay as they are; null clears.',
        parameters: [ifMatch],
        requestBody: { required: true, ...body },
        responses: {
          ...done(200, item, true),
          ...problems(400, 401, 404, 409, 410, 412, 413, 415, 422),
        },
      },
      delete: {
        operationId: `delete-${one}`,
        parameters: [ifMatch],
        responses: {
          204: { description: 'It is deleted, and can be restored.' },
          ...problems(401, 404, 410, 412),
        },
      },
    },
    [`/${name}/{${one}Id}/restore`]: {
      parameters: [id],
      post: {
        operationId: `restore-${one}`,
        responses: { ...done(200, item, true), ...problems(401, 404, 409, 410) },
      },
    },
    [`/${name}/{${one}Id}/purge`]: {
      parameters: [id],
      post: {
        operationId: `purge-${one}`,
        description: 'Removes for good what is deleted.',
        responses: { 204: { description: 'Nothing of it is left.' }, ...problems(401, 404, 409) },
      },
    },
    [`/${name}/purge`]: {
      post: {
        operationId: `purge-${name}`,
        description: 'The same with many at once; "more" says that there are more.',
        requestBody: { required: true, ...content(schemaOf(purgeInput, 'input')) },
        responses: { ...done(200, purged), ...problems(400, 401, 413, 415, 422) },
      },
    },
  };
}

function queryOf(form: CollectionForm): readonly Json[] {
  const { properties = {} } = schemaOf(listQuery(form), 'output') as { properties?: Json };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function nameOf({ one }: CollectionForm): string {
  return one.charAt(0).toUpperCase() + one.slice(1);
}

/** In the words of OpenAPI 3.1, which are those of JSON Schema. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function content(schema: Json): Json {
  return { content: { 'application/json': { schema } } };
}

function done(status: number, schema: Json, hasTag = false): Json {
  const headers = hasTag ? { headers: { ETag: { schema: { type: 'string' } } } } : {};
  return { [status]: { description: 'It is done.', ...headers, ...content(schema) } };
}

function problems(...statuses: readonly number[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: '#/components/responses/Problem' }]),
  );
}
