import assert from 'node:assert/strict';

import { same } from '../../../runtime/core/value.ts';
import { parse } from '../../../runtime/core/values/kinds.ts';
import { doubts, explanations, notes, problems } from '../../../runtime/core/reasons.ts';
import { domains, hosts, urls } from '../../vectors/domains.ts';
import { emails } from '../../vectors/emails.ts';
import { doubles, forints, moneys, numbers } from '../../vectors/numbers.ts';
import { phonesElsewhere, phonesInHungary, phonesWithoutRegion } from '../../vectors/phones.ts';
import { structures } from '../../vectors/structures.ts';
import { keptBlanks, texts } from '../../vectors/texts.ts';
import * as times from '../../vectors/times.ts';
import type { Noted, Refusal, Vector, VectorTable } from '../../vectors/vector.ts';

const tables: readonly VectorTable[] = [
  [emails, phonesInHungary, phonesWithoutRegion, phonesElsewhere, domains, hosts, urls],
  [numbers, doubles, moneys, forints, texts, keptBlanks, times.dates, times.datesInZones],
  [times.instants, times.instantsOfUtcClocks, times.wallTimes, times.strictWallTimes],
  [times.secondWallTimes, structures],
].flat(2);

for (const { title, spec, vectors } of tables) {
  describe(title, () => {
    for (const [raw, expected, why] of vectors) {
      it(`${show(raw)} → ${show(expected)}: ${why}`, () => {
        const parsed = parse(spec, raw);
        if (isRefusal(expected)) {
          assert.equal(
            parsed.ok ? `taken as ${show(parsed.value)}` : parsed.reason,
            expected.refused,
          );
          return;
        }
        assert.ok(parsed.ok, `refused: ${parsed.ok ? '' : parsed.reason}`);
        const { value, note } = isNoted(expected) ? expected : { value: expected, note: undefined };
        assert.deepEqual(parsed.value, value);
        assert.equal(parsed.note, note);
        const again = parse(spec, parsed.value);
        assert.ok(again.ok && same(again.value, value), 'its own answer is not taken');
      });
    }
  });
}

describe('the tables of vectors', () => {
  it('hold at least 300 facts, none of them twice', () => {
    const all = tables.flatMap(({ title, vectors }) =>
      vectors.map(([raw, expected]) => `${title} ${typeof raw} ${show(raw)} ${show(expected)}`),
    );
    assert.ok(all.length >= 300, `only ${all.length}`);
    const twice = all.filter((fact, index) => all.indexOf(fact) !== index);
    assert.deepEqual(twice, []);
  });

  it('show every problem and every note that a kind can have', () => {
    const expected = tables.flatMap(({ vectors }) => vectors.map((vector) => vector[1]));
    const shown = new Set<string>(
      expected.flatMap((one) => (isRefusal(one) ? [one.refused] : isNoted(one) ? [one.note] : [])),
    );
    const missing = [...Object.keys(problems), ...Object.keys(notes)].filter(
      (code) => !shown.has(code),
    );
    // These are the mapping's, and its tests show them.
    assert.deepEqual(missing, [
      'value-not-in-table',
      'shape-changed',
      'not-reversible',
      'not-mapped',
      'not-writable',
      'value-passed-through',
    ]);
  });

  it('say what every code means in a full sentence', () => {
    for (const list of [problems, notes, explanations, doubts]) {
      for (const sentence of Object.values(list)) assert.match(sentence, /^[A-Z].*\.$/);
    }
  });
});

function isRefusal(expected: Vector[1]): expected is Refusal {
  return typeof expected === 'object' && expected !== null && 'refused' in expected;
}

function isNoted(expected: Vector[1]): expected is Noted {
  return typeof expected === 'object' && expected !== null && 'note' in expected;
}

function show(raw: unknown): string {
  if (typeof raw === 'bigint') return `${raw}n`;
  const text = typeof raw === 'number' ? String(raw) : (JSON.stringify(raw) ?? 'undefined');
  const escaped = text.replace(/[\p{Cf}\p{Zs}\p{Cc}]/gu, (character) =>
    character === ' ' ? ' ' : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  return escaped.length > 70 ? `${escaped.slice(0, 60)}… (${text.length})` : escaped;
}
