import { keepsItsPromises } from '../conformance.ts';
import { LOGIN, settingOf, type Way } from './setting.ts';

const NO_LAG = { searchLagMs: { usual: 0, most: 0 } };

const WAYS: Readonly<Record<string, Way>> = {
  'contacts of an app for one account': {},
  'contacts by the version before, without a marker': {
    marker: 'none',
    config: { version: 'v3' },
    account: NO_LAG,
  },
  'contacts of a large plan': { account: { plan: 'enterprise', utcOffsetMinutes: -300 } },
  'companies, with a marker that others may have': { collection: 'companies', marker: 'shared' },
  'contacts of an app that people log in to': LOGIN,
  'deals, with what was deleted': { collection: 'deals', config: { tellDeletes: true } },
};

describe('the connector for HubSpot', () => {
  keepsItsPromises(Object.entries(WAYS).map(([title, way]) => settingOf(title, way)));
});
