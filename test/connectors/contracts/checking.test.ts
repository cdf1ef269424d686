import assert from 'node:assert/strict';
import { deviationsOf } from './checking.ts';
import { descriptionOf } from './descriptions.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const SHOWN = { ...JSON_TYPE, authorization: 'Bearer token' };

const description = descriptionOf([
  {
    openapi: '3.0.1',
    security: [{ bearer: [] }, { key: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        key: { type: 'apiKey', in: 'query', name: 'hapikey' },
      },
      parameters: {
        limit: { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 9 } },
      },
      schemas: {
        Person: {
          required: ['id'],
          properties: {
            id: { type: 'string' },
            age: { type: 'integer', nullable: true },
            friends: { type: 'array', items: { $ref: '#/components/schemas/Person' } },
          },
        },
        Made: {
          allOf: [
            { $ref: '#/components/schemas/Person' },
            { properties: { at: { type: 'string', format: 'date-time' } } },
          ],
        },
        Cat: {
          required: ['sort'],
          properties: { sort: { type: 'string' }, mice: { type: 'integer' } },
        },
        Dog: {
          required: ['sort'],
          properties: { sort: { type: 'string' }, bones: { type: 'integer' } },
        },
        Pet: {
          oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
          discriminator: { propertyName: 'sort', mapping: { cat: '#/components/schemas/Cat' } },
        },
      },
    },
    paths: {
      '/people': {
        get: {
          parameters: [
            { $ref: '#/components/parameters/limit' },
            {
              name: 'ids',
              in: 'query',
              required: true,
              schema: { type: 'array', items: { type: 'integer' } },
            },
          ],
          responses: {
            200: {
              content: {
                'application/json': {
                  schema: {
                    type: 'array',
                    items: {
                      $ref: '#/components/schemas/Made',
                    },
                  },
                },
              },
            },
          },
        },
        post: {
          requestBody: {
            required: true,
            content: {
              'application/json; charset=utf-8': {
                schema: {
                  $ref: '#/components/schemas/Person',
                },
              },
            },
          },
          responses: { 204: {}, '4XX': { content: { 'application/json': {} } } },
        },
      },
      '/pets/{id}': {
        parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }],
        put: {
          requestBody: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } },
          },
          responses: {},
        },
      },
    },
  },
]);

interface Said {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answer?: { readonly status: number; readonly body?: unknown };
}

function said(request: string, { headers = SHOWN, body, answer }: Said = {}): readonly string[] {
  const [method = '', path = ''] = request.split(' ');
  const text = (json: unknown): string => (json === undefined ? '' : JSON.stringify(json));
  const exchange = {
    method,
    url: new URL(path, 'https://acme.example'),
    headers: new Headers(headers),
    body: text(body),
    ...(answer && {
      answer: { status: answer.status, headers: new Headers(JSON_TYPE), body: text(answer.body) },
    }),
  };
  return deviationsOf(description, exchange).map((each) => each.replace(/^[^:]+: /, ''));
}

describe('a request and its answer', () => {
  it('are fine when they are as described', () => {
    const people = [{ id: 'a', age: null, friends: [{ id: 'b' }], at: '2026-11-02T08:11:09.330Z' }];
    const answer = { status: 200, body: people };
    assert.deepEqual(said('GET /people?ids=1,2&limit=9', { answer }), []);
    assert.deepEqual(said('GET /people?ids=1&hapikey=x', { headers: JSON_TYPE, answer }), []);
    assert.deepEqual(said('POST /people', { body: { id: 'a' }, answer: { status: 204 } }), []);
    assert.deepEqual(said('POST /people', { body: { id: 'a' } }), []);
    const refused = { status: 422, body: { whatever: true } };
    assert.deepEqual(said('POST /people', { body: { id: 'a' }, answer: refused }), []);
    assert.deepEqual(said('PUT /pets/7', { body: { sort: 'cat', mice: 3 } }), []);
    assert.deepEqual(said('PUT /pets/7', { body: { sort: 'Dog', bones: 3 } }), []);
  });

  const wrong: readonly (readonly [request: string, said: Said, deviations: readonly string[]])[] =
    [
      ['GET /pepole', {}, ['there is not described']],
      ['DELETE /people', {}, ['this method is not described']],
      [
        'GET /people?ids=1',
        { headers: {} },
        ['does not show who asks in any way that is described'],
      ],
      ['GET /people', {}, ['query ids is missing']],
      ['GET /people?ids=x', {}, ['query ids has to be array, and is string']],
      ['GET /people?ids=1&limit=10', {}, ['query limit has to be integer, and is string']],
      ['GET /people?ids=1&page=2', {}, ['query page is not described']],
      ['PUT /pets/x', {}, ['path id has to be integer, and is string']],
      ['POST /people', {}, ['body is missing']],
      ['GET /people?ids=1', { body: {} }, ['body is not described']],
      ['POST /people', { body: {} }, ['body /id is missing']],
      ['POST /people', { body: { id: 'a', agee: 1 } }, ['body /agee is not described']],
      [
        'POST /people',
        { body: { id: 'a', age: '7' } },
        ['body /age has to be integer,null, and is string'],
      ],
      [
        'POST /people',
        { body: { id: 'a', friends: [{ id: 'b' }, { id: 1 }, { id: 2 }] } },
        ['body /friends/*/id has to be string, and is number'],
      ],
      [
        'POST /people',
        { body: { id: 'a' }, headers: { ...SHOWN, 'content-type': 'text/plain' } },
        ['body is not described as text/plain'],
      ],
      ['PUT /pets/7', { body: { sort: 'cat', bones: 3 } }, ['body /bones is not described']],
      ['GET /people?ids=1', { answer: { status: 500 } }, ['answer 500 is not described']],
      ['GET /people?ids=1', { answer: { status: 200 } }, ['answer 200 has no body']],
      [
        'GET /people?ids=1',
        { answer: { status: 202, body: [{}] } },
        ['answer 202 /*/id is missing', 'answer 202 is not described'],
      ],
      [
        'POST /people',
        { body: { id: 'a' }, answer: { status: 204, body: {} } },
        ['answer 204 has a body, which is not described'],
      ],
      [
        'GET /people?ids=1',
        { answer: { status: 200, body: [{ id: 'a', at: 'today', more: 1 }] } },
        ['answer 200 /*/at has to match format "date-time"', 'answer 200 /*/more is not described'],
      ],
    ];
  for (const [request, about, deviations] of wrong) {
    it(`are told of when ${deviations.join(', ')}`, () => {
      assert.deepEqual(said(request, about).toSorted(), deviations);
    });
  }

  it('are told of by no value that was in them', () => {
    const body = { id: 7, age: 'secret', at: 'secret' };
    assert.ok(said('POST /people', { body }).every((each) => !each.includes('secret')));
  });
});
