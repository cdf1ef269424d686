import { keepsItsPromises } from '../conformance.ts';
import { ground, settingOf, type Ground, type Way } from './setting.ts';

const WAYS: readonly Way[] = [
  { outbox: true, deleted: 'timestamptz', marker: 'unique', uniqueEmail: true },
  { outbox: true, version: true, updatedAt: true, marker: 'unique' },
  { updatedAt: true, deleted: 'boolean', marker: 'plain' },
  {},
];

describe('the connector for PostgreSQL', () => {
  let site: Ground;
  before(async () => {
    site = await ground();
  });
  after(() => site.stop());

  keepsItsPromises(WAYS.map((way) => settingOf(way, () => site)));
});
