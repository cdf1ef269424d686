import { keepsItsPromises } from '../conformance.ts';
import { settingOf, type Way } from './setting.ts';

const WAYS: Readonly<Record<string, Way>> = {
  'persons of a company with a field for the marker': {},
  'persons without a marker, with what was deleted': {
    hasMarker: false,
    config: { tellDeletes: true },
  },
  organizations: { collection: 'organizations' },
  deals: { collection: 'deals' },
  activities: { collection: 'activities' },
  notes: { collection: 'notes', config: { tellDeletes: true } },
  'persons of a small plan': { abilities: { plan: 'lite', seats: 3 } },
  'persons where what is not documented is otherwise': {
    abilities: {
      listLagMs: 4_000,
      createdStatus: 200,
      mergedLoser: 'deleted',
      clearedLists: 'empty',
      emptyWritesMoveTime: false,
    },
  },
  'persons of an app that people log in to': { isLogin: true },
};

describe('the connector for Pipedrive', () => {
  keepsItsPromises(Object.entries(WAYS).map(([title, way]) => settingOf(title, way)));
});
