import { keepsItsPromises } from '../conformance.ts';
import { settingOf, type Way } from './setting.ts';

const WAYS: Readonly<Record<string, Way>> = {
  'people with a field for the marker': {},
  'people of an older server, without a marker': { hasMarker: false, account: { line: '1.x' } },
  'companies of a server that says it in other words': {
    collection: 'companies',
    account: {
      metadataAnswers: 'bare',
      softDeleteParameter: 'softDelete',
      deletingMovesTime: true,
    },
  },
  opportunities: { collection: 'opportunities' },
  tasks: { collection: 'tasks' },
  'notes of an older server': { collection: 'notes', account: { line: '1.x' } },
};

describe('the connector for Twenty', () => {
  keepsItsPromises(Object.entries(WAYS).map(([title, way]) => settingOf(title, way)));
});
