/**
 * Who changed which field of a record, when and with what: the change log of a company. It is about
 * values; that a record was made, deleted or only touched is not in it.
 */
import type { Change, Value } from '../crm/model.ts';
import { isSame } from '../crm/values.ts';
import type { Company } from './company.ts';
import { spaced, wholeSeconds } from './values.ts';

/** As the API shows it. */
export interface Entry {
  readonly field_key: string;
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly actor_user_id: number;
  readonly time: string;
  readonly change_source: 'api' | 'app';
  readonly change_source_user_agent: string;
  readonly is_bulk_update_flag: boolean;
}

export class Trail {
  readonly #company: Company;
  readonly #entries = new Map<string, Entry[]>();
  #agent = '';

  constructor(company: Company) {
    this.#company = company;
    company.account.onChanges((changes) => {
      for (const change of changes) this.#note(change);
    });
  }

  /** Oldest first. */
  entries(collection: string, id: string): readonly Entry[] {
    return this.#entries.get(`${collection}/${id}`) ?? [];
  }

  /** What a request changes carries its user agent. */
  by<Result>(agent: string, work: () => Result): Result {
    this.#agent = agent;
    try {
      return work();
    } finally {
      this.#agent = '';
    }
  }

  #note({ collection: name, id, before, after, by, via, at }: Change): void {
    if (before === undefined || after === undefined || before.archived || after.archived) return;
    const collection = this.#company.collection(name);
    for (const field of collection.schema.fields) {
      const [old, now] = [before.fields[field.path] ?? null, after.fields[field.path] ?? null];
      if (isSame(old, now)) continue;
      const key = this.#company.codeOf(collection, field);
      const entries = this.#entries.get(`${name}/${id}`) ?? [];
      this.#entries.set(`${name}/${id}`, entries);
      entries.push({
        field_key: OLD_NAMES[key] ?? key,
        old_value: written(old),
        new_value: written(now),
        actor_user_id: Number(this.#company.userOf(by)),
        time: spaced(wholeSeconds(at)),
        change_source: sourceOf({ by, via }),
        change_source_user_agent: via === 'api' ? this.#agent : AGENTS[by],
        is_bulk_update_flag: false,
      });
    }
  }
}

/** People use the app; what others do, and what follows from it, came through the API. */
export function sourceOf({ by, via }: Pick<Change, 'by' | 'via'>): 'api' | 'app' {
  return via === 'api' || (by !== 'person' && via !== 'rule') ? 'api' : 'app';
}

const OLD_NAMES: Readonly<Record<string, string>> = { emails: 'email', phones: 'phone' };

const AGENTS = {
  person: 'Mozilla/5.0',
  app: '',
  integration: 'other-tools/2.0',
} as const;

function written(value: Value): string | null {
  if (value === null) return null;
  if (typeof value !== 'object') return String(value);
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value
    .map((one: unknown) =>
      typeof one === 'object' && one !== null ? String((one as { value?: unknown }).value) : one,
    )
    .join(', ');
}
