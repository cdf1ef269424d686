import assert from 'node:assert/strict';
import { openEngine, type Engine, type EngineOptions } from '../../runtime/engine/engine.ts';
import { scenarioOf, type Deed, type Sketch } from '../sim/build.ts';
import { simulate, START_MS } from '../sim/simulation.ts';
import { edit, story, type Ending } from '../stories/story.ts';

const COMPANY = { system: 'hubspot', collection: 'companies', code: 'c0001' } as const;
const DELETED: Deed = { kind: 'delete', ...COMPANY };
const EMPTIED: Deed = {
  kind: 'edit',
  system: 'hubspot',
  collection: 'people',
  code: 'c0002',
  field: 'company',
  how: 'clear',
};

/** HubSpot does not show what leads to a company that was deleted. */
describe('A reference that is empty', () => {
  it('is taken over when somebody has emptied it', async () => {
    const ending = await withHubSpot([[61, EMPTIED]]);
    assert.deepEqual(companyIn(ending), { app: null, hubspot: null });
  });

  it('is written anew when what it led to was deleted there, and made anew', async () => {
    const ending = await withHubSpot([[61, DELETED]]);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '102' });
  });

  it('is left alone as long as a person is asked what becomes of what it led to', async () => {
    const ending = await withHubSpot([[61, DELETED]], { policy: { onRemoteDelete: 'ask' } });
    assert.equal(ending.reviews.length, 1);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.equal(companyIn(ending).app, '1');
  });

  it('is written anew once that person wants it to be there again', async () => {
    const ending = await withHubSpot(
      [
        [61, DELETED],
        [121, { kind: 'decide', pick: 0 }],
      ],
      { policy: { onRemoteDelete: 'ask' } },
    );
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '102' });
  });

  it('is taken over when somebody has emptied it after that', async () => {
    const ending = await withHubSpot([
      [61, DELETED],
      [121, EMPTIED],
    ]);
    assert.deepEqual(companyIn(ending), { app: null, hubspot: null });
  });

  it('is written anew however often that happens', async () => {
    const ending = await withHubSpot([
      [61, DELETED],
      [121, DELETED],
      [181, DELETED],
    ]);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '104' });
  });

  it('leads there again when what it led to is restored', async () => {
    const ending = await withHubSpot(
      [
        [61, DELETED],
        [121, { kind: 'restore', ...COMPANY }],
      ],
      { policy: { onRemoteDelete: 'ask' } },
    );
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '101' });
  });

  it('is left alone when what it led to may have been restored just before that was looked at', async () => {
    const happens = [[61, edit('hubspot', 'c0002', 'phone')]] as const;
    let hidden = 0;
    const { rest, violations } = await simulate(scenarioOf({ ...SKETCH, happens }), (options) =>
      withAnswers(options, (request, answer) => {
        const isOfCompany = request.url.includes('/associations/');
        if (!isOfCompany || options.world.clock.now() < START_MS + 61_000 || hidden > 0)
          return answer;
        hidden += 1;
        return Response.json({ status: 'COMPLETE', results: [] });
      }),
    );
    assert.equal(hidden, 1);
    assert.deepEqual(violations, []);
    for (const system of rest.systems) {
      const [person] = rest.handsOf(system).items('people');
      assert.notEqual(person?.fields['companyId'] ?? null, null);
    }
  });
});

/** Somebody with a company; both are in our own app as well, where alone deletions count. */
const SKETCH: Sketch = {
  systems: { app: {}, hubspot: { vendor: 'hubspot' } },
  companies: { c0001: ['app', 'hubspot'] },
  people: { c0002: { systems: ['app', 'hubspot'], company: 'c0001' } },
};

function withHubSpot(
  happens: NonNullable<Sketch['happens']>,
  more: Partial<Sketch> = {},
): Promise<Ending> {
  return story({ ...SKETCH, happens, ...more });
}

/** An engine that is told something else than what it is answered. */
function withAnswers(
  options: EngineOptions,
  told: (request: Request, answer: Response) => Response,
): Engine {
  const { network } = options.world;
  const fetch = async (request: Request): Promise<Response> =>
    told(request, await network.fetch(request));
  return openEngine({ ...options, world: { ...options.world, network: { fetch } } });
}

function companyIn({ value }: Ending): { readonly app: unknown; readonly hubspot: unknown } {
  return {
    app: value('app', 'c0002', 'companyId'),
    hubspot: value('hubspot', 'c0002', 'companyId'),
  };
}

function emptiedByUs({ writes }: Ending): readonly string[] {
  return ['app', 'hubspot'].flatMap(writes).filter((told) => told.includes('"companyId":null'));
}
