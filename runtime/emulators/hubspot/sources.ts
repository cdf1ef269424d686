/** Who changed something, in the words of histories and of webhooks. */
import type { Author, Doer, FieldOptions } from '../crm/model.ts';
import type { Account } from './account.ts';
import { ownOf } from './properties.ts';

/** The user that people are, and the app that is not ours. */
const USER_ID = 9001;
const OTHER_APP_ID = 9_999_999;

export interface Source {
  readonly changeSource: string;
  readonly sourceId: string;
  readonly history: Readonly<Record<string, string | number>>;
}

export function sourceOf(
  { settings }: Account,
  { by, via, field }: { by: Author; via: Doer['via'] | undefined; field: FieldOptions | undefined },
): Source {
  if (field !== undefined && ownOf(field).calculated === true)
    return source('CALCULATED', field.path);
  if (via === 'vendor') return source('CALCULATED', 'hubspot');
  if (via === 'rule') return source('AUTOMATION_PLATFORM', 'workflow');
  if (by === 'person') {
    const found = source('CRM_UI', `userId:${USER_ID}`);
    return { ...found, history: { ...found.history, updatedByUserId: USER_ID } };
  }
  const appId = by === 'app' ? settings.app.id : OTHER_APP_ID;
  return source('INTEGRATION', String(appId));
}

function source(changeSource: string, sourceId: string): Source {
  return { changeSource, sourceId, history: { sourceType: changeSource, sourceId } };
}
