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
  'companies, with a marker that others may have': { collection: 'companies', marker: 'shared' },
  // Of these, webhooks tell nothing.
  notes: { collection: 'notes', config: { clientSecret: undefined } },
  'tasks of an account without a property for the marker': {
    collection: 'tasks',
    marker: 'none',
    config: { clientSecret: undefined },
  },
  'deals, with what was deleted': { collection: 'deals', config: { tellDeletes: true } },
  'contacts of a large plan': { account: { plan: 'enterprise', utcOffsetMinutes: -300 } },
  'contacts of an app that people log in to': LOGIN,
};

describe('the connector for HubSpot', () => {
  keepsItsPromises(Object.entries(WAYS).map(([title, way]) => settingOf(title, way)));
});
