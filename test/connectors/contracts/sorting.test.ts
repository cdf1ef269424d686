import assert from 'node:assert/strict';
import { KNOWN } from './known.ts';
import { sorted } from './sorting.ts';

const [PEOPLE, PETS, QUERY] = [
  'acme GET /people: answer 429 is not described',
  'acme GET /pets: answer 429 is not described',
  'acme GET /pets: query (x) is not described',
] as const;
const SEEN = [QUERY, PETS, PEOPLE];

describe('deviations', () => {
  it('have a reason, or none; and a reason has deviations, or none', () => {
    const { known, news, stale } = sorted(SEEN, [
      {
        vendor: 'acme',
        reason: 'left out',
        deviations: ['*: answer 429 is not described', 'GET /pets: answer *', 'PUT *'],
      },
      { vendor: 'umbrella', reason: 'another vendor', deviations: ['*'] },
    ]);
    assert.deepEqual(known, [
      { reason: 'acme: left out', deviations: [PEOPLE, PETS] },
      { reason: 'umbrella: another vendor', deviations: [] },
    ]);
    assert.deepEqual(news, [QUERY]);
    assert.deepEqual(stale, ['acme PUT *', 'umbrella *']);
  });

  it('are meant letter by letter but for the stars', () => {
    const told = (deviations: string) =>
      sorted(SEEN, [{ vendor: 'acme', reason: 'why', deviations: [deviations] }]).news.length;
    assert.equal(told('GET /pets: query (x) is not described'), 2);
    assert.equal(told('GET /.....*'), 3);
    assert.equal(told('GET /pets'), 3);
  });

  it('have reasons that say something, each once', () => {
    const about = KNOWN.map(({ vendor, reason }) => `${vendor} ${reason}`);
    assert.equal(new Set(about).size, about.length);
    for (const { reason, deviations } of KNOWN) {
      assert.match(reason, /^[A-Z].{20,}\.$/);
      assert.ok(deviations.length > 0 && deviations.every((each) => each !== '*'));
    }
  });
});
