import assert from 'node:assert/strict';
import { message, practice, query, type Json, type Practice } from './practice.ts';

describe('filters of Twenty', () => {
  it('compare, in all their ways', async () => {
    const given = withThree();
    for (const [filter, names] of [
      ['employees[gt]:5', ['Beta, Inc', 'Gamma (x)']],
      ['employees[gte]:5,employees[lt]:20', ['Alpha', 'Beta, Inc']],
      ['employees[lte]:5', ['Alpha']],
      ['name[eq]:"Alpha"', ['Alpha']],
      ['name[eq]:Alpha', ['Alpha']],
      ['name[eq]:"alpha"', []],
      ['name[neq]:Alpha', ['Beta, Inc', 'Gamma (x)']],
      ['name[eq]:"Beta, Inc"', ['Beta, Inc']],
      ['name[in]:["Beta, Inc"]', []],
      ['name[in]:[Alpha,"Gamma (x)"]', ['Alpha', 'Gamma (x)']],
      ['name[startsWith]:Al', ['Alpha']],
      ['name[like]:"%LPH%"', []],
      ['name[ilike]:"%LPH%"', ['Alpha']],
      ['domainName.primaryLinkUrl[eq]:"https://alpha.example"', ['Alpha']],
      ['address.addressCity[is]:NULL', ['Alpha', 'Beta, Inc', 'Gamma (x)']],
      ['and(employees[is]:NOT_NULL,not(name[eq]:Alpha))', ['Beta, Inc', 'Gamma (x)']],
      ['or(name[eq]:Alpha,and(employees[eq]:10,name[ilike]:"beta%"))', ['Alpha', 'Beta, Inc']],
    ] as const) {
      assert.deepEqual(await namesBy(given, filter), names, filter);
    }
  });

  it('count parentheses in quotes, and are not taken apart beside both of them', async () => {
    const given = withThree();
    const refused = await given.get(`companies${query({ filter: 'name[eq]:"a ("' })}`);
    assert.match(message(refused), /^'filter' invalid. 1 close bracket is missing in the query/);
    assert.deepEqual(await namesBy(given, 'name[eq]:"Gamma (x)"'), ['Gamma (x)']);
    assert.deepEqual(await namesBy(given, 'name[eq]:"Gamma (x)",employees[eq]:20'), []);
    assert.deepEqual(await namesBy(given, 'and(name[eq]:"Gamma (x)",employees[eq]:20)'), [
      'Gamma (x)',
    ]);
  });

  it('are refused when they make no sense', async () => {
    const { get } = withThree();
    for (const [filter, text] of [
      ['name', /^'filter' invalid for 'name'. eg: price\[gte\]:10/],
      ['name[has]:x', /comparator has not in eq,neq/],
      ['nick[eq]:x', /^field 'nick' does not exist in 'company' object/],
      ['domainName.nick[eq]:x', /^field 'domainName.nick' does not exist/],
      ['name[in]:x', /^'filter' invalid for 'in' operator/],
      ['name[is]:empty', /'NULL' or 'NOT_NULL' expected/],
      ['id[eq]:abc', /^'abc' is not a valid UUID/],
      ['updatedAt[gte]:yesterday', /timestamp/],
      ['employees[gt]:many', /double precision/],
      ['not(name[eq]:a,name[eq]:b)', /'not' conjunction/],
    ] as const) {
      const answer = await get(`companies${query({ filter })}`);
      assert.equal(answer.status, 400, filter);
      assert.match(message(answer), text);
    }
  });

  it('find by a time that was seen what has it, and nothing up to it', async () => {
    const given = withThree();
    const { updatedAt } = given.hands.items('companies')[0]!;
    const all = ['Alpha', 'Beta, Inc', 'Gamma (x)'];
    assert.deepEqual(await namesBy(given, `updatedAt[gte]:"${updatedAt}"`), all);
    assert.deepEqual(await namesBy(given, `updatedAt[gt]:"${updatedAt}"`), all);
    assert.deepEqual(await namesBy(given, `updatedAt[lte]:"${updatedAt}"`), []);
    assert.deepEqual(await namesBy(given, `updatedAt[eq]:"${updatedAt}"`), []);
  });

  it('show what was deleted to who asks about that', async () => {
    const given = withThree();
    const { id } = given.hands.items('companies')[0]!;
    await given.pass(5000);
    given.hands.remove('companies', id);
    const at = new Date(given.world.clock.now() - 1000).toISOString();
    assert.deepEqual(await namesBy(given, `deletedAt[gte]:"${at}"`), ['Alpha']);
    assert.deepEqual(await namesBy(given, 'employees[gt]:0'), ['Beta, Inc', 'Gamma (x)']);
    const all = await namesBy(given, 'or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)');
    assert.equal(all.length, 3);
  });
});

function withThree(): Practice {
  const given = practice();
  const link = { primaryLinkUrl: 'https://Alpha.example/' };
  given.hands.create('companies', { name: 'Alpha', employees: 5, domainName: link });
  given.hands.create('companies', { name: 'Beta, Inc', employees: 10 });
  given.hands.create('companies', { name: 'Gamma (x)', employees: 20 });
  return given;
}

async function namesBy({ get }: Practice, filter: string): Promise<string[]> {
  const answer = await get(`companies${query({ filter })}`);
  if (answer.status !== 200) throw new Error(`${filter}: ${JSON.stringify(answer.body)}`);
  return answer.body.data.companies.map(({ name }: Json) => name as string).toSorted();
}
