import assert from 'node:assert/strict';
import { companiesOf, townOf, typedAgain } from '../../runtime/emulators/town.ts';
import { randomStreams } from '../../runtime/world/random.ts';

describe('a town', () => {
  const town = townOf(randomStreams('1')('town'));
  const people = Array.from({ length: 3000 }, (_, index) => town.person(index));

  it('has the same people for whoever asks, in whatever order', () => {
    const again = townOf(randomStreams('1')('town'));
    for (const index of [2999, 7, 0, 7]) assert.deepEqual(again.person(index), people[index]);
    assert.deepEqual(again.company(3), town.company(3));
    assert.notDeepEqual(townOf(randomStreams('2')('town')).person(7), people[7]);
  });

  it('has people with an address of their own, at companies that are there', () => {
    assert.equal(new Set(people.map(({ email }) => email)).size, people.length);
    for (const [index, { company, email }] of people.entries()) {
      assert.ok(company < companiesOf(index + 1));
      assert.ok(email.endsWith(`@${town.company(company).domain}`));
    }
    assert.ok(new Set(people.map(({ company }) => company)).size > 300);
  });

  it('has phone numbers in every form, and names in several languages', () => {
    const all = JSON.stringify(people);
    for (const sign of ['ő', 'Ł', "O'Brien", '+36', '06-', '0036', '(csak délután)', '+49']) {
      assert.ok(all.includes(sign), sign);
    }
    assert.ok(people.some(({ name, given, family }) => name === `${family} ${given}`));
    assert.ok(people.some(({ name, given, family }) => name === `${given} ${family}`));
  });

  it('is written down a second time by people who do not look first', () => {
    const random = randomStreams('1')('typing');
    for (const person of people.slice(0, 50)) {
      const { name, email, phone } = typedAgain(random, person);
      assert.notEqual(name, person.name);
      assert.ok(email === null || email.toLowerCase() === person.email);
      assert.match(phone, /^\d+$/);
    }
  });
});
