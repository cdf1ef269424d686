import assert from 'node:assert/strict';
import { DEMO_ACCOUNTS } from '../../../runtime/emulators/grumpy/demo.ts';
import { openGrumpy, type Hands } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';

describe('the accounts for demonstrations', () => {
  const { sales, support } = filled(2000);

  it('are full of people, some of them in both, some of them twice', () => {
    const people = sales.items('people');
    assert.ok(people.length > 2000 && people.length < 2200, `${people.length}`);
    const emails = new Set(people.map(({ fields }) => text(fields['email'])));
    const known = support.items('contacts').filter(({ fields }) => {
      return fields['emailAddress'] !== null && emails.has(text(fields['emailAddress']));
    });
    assert.ok(known.length > 500, `${known.length}`);
    const names = people.map(({ fields }) => text(fields['name']).toLowerCase());
    assert.ok(new Set(names).size < names.length);
  });

  it('have names and phone numbers as they come', () => {
    const all = JSON.stringify(sales.items('people'));
    for (const sign of ['ő', 'Ł', "O'Brien", '+36', '06-', '0036', '(csak délután)']) {
      assert.ok(all.includes(sign), sign);
    }
  });

  it('have people in companies that are there', () => {
    const ids = new Set(sales.items('companies').map(({ id }) => id));
    const employers = sales.items('people').map(({ fields }) => fields['companyId']);
    const named = employers.filter((id) => id !== null);
    assert.ok(named.length > 1000);
    assert.ok(named.every((id) => ids.has(id as string)));
  });

  it('are the same with the same chance', () => {
    const [one, other] = [filled(50), filled(50)];
    assert.deepEqual(one.sales.items('people'), other.sales.items('people'));
    assert.deepEqual(one.support.items('contacts'), other.support.items('contacts'));
  });
});

function filled(count: number): { sales: Hands; support: Hands } {
  const grumpy = openGrumpy({ world: virtualWorld({ seed: 1 }), accounts: DEMO_ACCOUNTS });
  grumpy.seed(count);
  return { sales: grumpy.account('sales'), support: grumpy.account('support') };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}
