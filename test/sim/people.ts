/**
 * What people and their admins do to items, by hand: no lag, no limits, no API. Each edit types a mark
 * of its own, and whoever types over something, deletes or merges has seen what stood there. A deed
 * that is not possible just then, such as an edit of an item that is gone, is left out.
 */
import { Refused, type Item } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { World } from '../../runtime/world/world.ts';
import { phoneOf, type Ledger } from './ledger.ts';
import type { Action, CollectionName, FieldName, How, RecordScene } from './scenario.ts';
import { codeOf, PATHS, STATUSES, type Inside, type InsideOf, type System } from './system.ts';

export interface People {
  /** Carries an action out, if it is one of people. */
  act(action: Action): void;
  /** Puts a record into a system before the first sync. */
  put(record: RecordScene, tenant: number): void;
  /** Codes whose items share a person, an address or a past, so that their values may mix. */
  areRelated(one: string, other: string): boolean;
  /**
   * Copied by hand; or the address was changed, and there was nothing else to know the person by:
   * entered in several systems, or created by us where nothing but the address leads back to it.
   */
  couldBeTwo(code: string): boolean;
  /** Codes of those one of whom was given the address of another one by hand. */
  readonly handedOn: ReadonlySet<string>;
  /** A person decided about the items of these codes, which may now be one, two, or gone. */
  decidedAbout(codes: readonly string[]): void;
  readonly decided: ReadonlySet<string>;
  /** A person decided that a record goes with the item that was merged into another. */
  gaveUp(code: string): void;
  /** Codes that somebody deleted, merged away or copied; what they end as depends on more than their edits. */
  readonly deleted: ReadonlySet<string>;
}

const CLONE_IS_RENAMED_MS = 5_000;
const HUGE = 100_000;

type Fields = Record<string, unknown>;

export function peopleOf({
  insideOf,
  systems,
  ledger,
  world,
}: {
  insideOf: InsideOf;
  systems: readonly System[];
  ledger: Ledger;
  world: Pick<World, 'clock' | 'random' | 'schedule'>;
}): People {
  const relatives = new Map<string, string>();
  const deleted = new Set<string>();
  const hasOnlyKeys = systems.some(({ nature }) => nature.hasOnlyKeys);
  const emails = new Map<string, string>();
  const entered = new Map<string, number>();
  /** Whose address was changed. */
  const moved = new Set<string>();
  const handedOn = new Set<string>();
  const cloned = new Set<string>();
  const decided = new Set<string>();
  const chance = (bound: number): number => world.random('people').below(bound);

  function systemAt(tenant: number, name: string): System {
    return systems.find((one) => one.tenant === tenant && one.scene.name === name)!;
  }

  function itemOf(hands: Inside, collection: CollectionName, code: string): Item | undefined {
    return hands.items(collection).find((item) => item.fields.code === code);
  }

  function mark(system: System, collection: CollectionName, code: string, field: string): string {
    const { tenant, account } = system;
    const at = world.clock.now();
    return ledger.type({ tenant, system: account, collection, field, code, at });
  }

  /** The first address of a person is the same wherever the person is entered. */
  function emailOf(system: System, code: string): string {
    const known = emails.get(code);
    const email = known ?? `${mark(system, 'people', code, 'email')}@example.com`;
    emails.set(code, email);
    return known !== undefined && chance(3) === 0 ? email.toUpperCase() : email;
  }

  function relate(one: string, other: string): void {
    const [a, b] = [eldest(one), eldest(other)];
    if (a !== b) relatives.set(b, a);
  }

  function eldest(code: string): string {
    const next = relatives.get(code);
    return next === undefined ? code : eldest(next);
  }

  /** Refused where the vendor would refuse it; then nobody has typed anything. */
  function edit(
    hands: Inside,
    collection: CollectionName,
    item: Item,
    fields: Fields,
    by?: 'integration',
  ): void {
    const before = Object.fromEntries(Object.keys(fields).map((path) => [path, item.fields[path]]));
    const isAccepted = isAllowed(() => hands.edit(collection, item.id, fields, by));
    // Refused, because another item has the address, say: what was typed is gone.
    if (isAccepted) ledger.replaced(before, hands.item(collection, item.id)?.fields);
    else ledger.replaced(fields, before);
  }

  function put(record: RecordScene, tenant: number): void {
    let shared: Fields | undefined;
    for (const name of record.systems) {
      const system = systemAt(tenant, name);
      const fields = shared ?? newFields(system, record.collection, record.code);
      shared ??= record.differs ? undefined : fields;
      create(system, record.collection, fields, record.company);
    }
  }

  function newFields(system: System, collection: CollectionName, code: string): Fields {
    const name = `${mark(system, collection, code, 'name')} Anna`;
    if (collection === 'companies') return { code, name };
    return {
      code,
      name,
      email: emailOf(system, code),
      status: STATUSES[0],
      ...(chance(2) === 0 ? { phone: phoneOf(mark(system, collection, code, 'phone')) } : {}),
      ...(chance(2) === 0 ? { tags: [mark(system, collection, code, 'tags')] } : {}),
      ...(chance(2) === 0
        ? { address: { city: mark(system, collection, code, 'address'), street: null } }
        : {}),
    };
  }

  function create(
    system: System,
    collection: CollectionName,
    fields: Fields,
    companyCode?: string,
  ): void {
    const hands = insideOf(system);
    const company = companyCode && itemOf(hands, 'companies', companyCode);
    const companyId = company ? { companyId: company.id } : {};
    const offered = new Set(hands.fields(collection).map(({ path }) => path));
    const all = Object.entries({ ...fields, ...companyId });
    const given = Object.fromEntries(all.filter(([path]) => offered.has(path)));
    const isEntered = isAllowed(() => hands.create(collection, given));
    // Somebody has the address already; the person is not entered a second time.
    const code = codeOf({ fields: given });
    if (isEntered) entered.set(code, (entered.get(code) ?? 0) + 1);
    if (isEntered) ledger.replaced(fields, given);
    else ledger.replaced(fields, null);
  }

  function typed(
    system: System,
    action: Extract<Action, { kind: 'edit' }>,
    hands: Inside,
    item: Item,
  ): unknown {
    const { collection, code, field, how } = action;
    const before = item.fields[PATHS[field]] ?? null;
    const other = another(hands, collection, item);
    if (field === 'status') return STATUSES[chance(STATUSES.length)];
    if (field === 'company') {
      const companies = hands.items('companies');
      return how === 'clear' ? null : (companies[chance(companies.length + 1)]?.id ?? null);
    }
    if (field === 'tags') return tagsAfter(before as string[] | null, how);
    if (how === 'clear') return null;
    if (how === 'copy' && other) {
      relate(code, codeOf(other));
      if (field === 'email') handedOn.add(code).add(codeOf(other));
      return other.fields[PATHS[field]] ?? null;
    }
    if (how === 'respell' && typeof before === 'string') return respelled(field, before);
    const text = mark(system, collection, code, field);
    if (field === 'email') return `${text}@example.com`;
    if (field === 'phone') return phoneOf(text);
    if (field === 'address') {
      const part = chance(2) === 0 ? 'city' : 'street';
      return { city: null, street: null, ...(before as object | null), [part]: text };
    }
    return how === 'huge' ? `${text} ${'x'.repeat(HUGE)}` : `${text} Anna`;

    function tagsAfter(tags: readonly string[] | null, way: How): unknown {
      const kept = [...(tags ?? [])];
      if (way === 'clear' && kept.length > 0) kept.splice(chance(kept.length), 1);
      else kept.push(mark(system, collection, code, field));
      return kept.length > 0 ? kept : null;
    }
  }

  function another(hands: Inside, collection: CollectionName, item: Item): Item | undefined {
    const others = hands.items(collection).filter(({ id }) => id !== item.id);
    return others.length > 0 ? others[chance(others.length)] : undefined;
  }

  function act(action: Action): void {
    if (!('system' in action)) return;
    const system = systemAt(action.tenant, action.system);
    const hands = insideOf(system);
    const item =
      'code' in action && 'collection' in action
        ? itemOf(hands, action.collection, action.code)
        : undefined;
    switch (action.kind) {
      case 'edit': {
        if (!item) return;
        const value = typed(system, action, hands, item);
        if (action.field === 'email' && action.how !== 'respell') moved.add(action.code);
        edit(hands, action.collection, item, { [PATHS[action.field]]: value }, action.by);
        return;
      }
      case 'create':
        if (item) return;
        create(
          system,
          action.collection,
          newFields(system, action.collection, action.code),
          action.company,
        );
        return;
      case 'delete':
        if (!item) return;
        deleted.add(action.code);
        ledger.replaced(item.fields, null);
        hands.remove(action.collection, item.id);
        return;
      case 'restore':
        restore(hands, action.collection, action.code);
        return;
      case 'merge':
        merge(hands, action, item);
        return;
      case 'clone':
        if (item) clone(hands, action, item);
        return;
      case 'rotate':
        rotate(hands, action.codes);
        return;
      // What operators do, and forgers.
      case 'forbid':
      case 'expireToken':
      case 'dropOption':
      case 'removeField':
      case 'renameField':
      case 'retypeField':
      case 'hide':
      case 'poison':
      case 'replayWebhooks':
      case 'restoreBackup':
      case 'forgeWebhook':
        return;
    }
  }

  function restore(hands: Inside, collection: CollectionName, code: string): void {
    const gone = hands.log.findLast(
      ({ kind, before }) => kind === 'deleted' && before?.fields.code === code,
    );
    const isBack = gone === undefined || itemOf(hands, collection, code) !== undefined;
    if (isBack || hands.item(collection, gone.id)?.archived !== true) return;
    isAllowed(() => hands.restore(collection, gone.id));
  }

  function merge(
    hands: Inside,
    { tenant, system: name, collection, code, other }: Extract<Action, { kind: 'merge' }>,
    winner: Item | undefined,
  ): void {
    const loser = itemOf(hands, collection, other);
    if (!winner || !loser) return;
    deleted.add(other);
    // Whoever is known nowhere else may not be known to us: the record of the loser goes on as theirs.
    const isNew = systems.every((system) => {
      const there = insideOf(system);
      return there === hands || system.tenant !== tenant || !itemOf(there, collection, code);
    });
    // Where the vendor tells of none of it, both are gone, and somebody else is there instead.
    const { mergeGivesNewId, tellsMerges } = systemAt(tenant, name).nature;
    const isUntold = mergeGivesNewId && !tellsMerges;
    if (isUntold) deleted.add(code);
    if (isNew || isUntold) relate(code, other);
    const id = hands.merge(collection, loser.id, winner.id);
    ledger.replaced([winner.fields, loser.fields], hands.item(collection, id)?.fields);
  }

  function clone(
    hands: Inside,
    { collection, code, newCode }: Extract<Action, { kind: 'clone' }>,
    { id }: Item,
  ): void {
    relate(code, newCode);
    deleted.add(newCode);
    cloned.add(code).add(newCode);
    const copy = hands.clone(collection, id);
    world.schedule.after(CLONE_IS_RENAMED_MS, () => {
      const item = hands.item(collection, copy);
      if (!item || item.archived) return;
      isAllowed(() => hands.edit(collection, copy, { code: newCode }));
    });
  }

  /** Where addresses are unique, the first one steps aside so that the others can move. */
  function rotate(hands: Inside, codes: readonly string[]): void {
    const found = codes.map((code) => itemOf(hands, 'people', code));
    const items = found.filter((item) => item !== undefined);
    if (items.length < 2) return;
    for (const code of codes) {
      moved.add(code);
      handedOn.add(code);
    }
    const wanted = items.map((_, index) => items[(index + 1) % items.length]!.fields.email);
    for (const { fields } of items) relate(codeOf(items[0]), codeOf({ fields }));
    const [first] = items;
    hands.edit('people', first!.id, { email: null });
    for (const [index, { id }] of items.entries()) {
      if (index > 0) isAllowed(() => hands.edit('people', id, { email: wanted[index] }));
    }
    isAllowed(() => hands.edit('people', first!.id, { email: wanted[0] }));
    const after = items.map(({ id }) => hands.item('people', id)?.fields.email);
    ledger.replaced(wanted, after);
  }

  return {
    act,
    put,
    deleted,
    decided,
    handedOn,
    gaveUp: (code) => void deleted.add(code),
    decidedAbout(codes) {
      for (const code of codes) {
        relate(codes[0]!, code);
        deleted.add(code);
        cloned.add(code);
        decided.add(code);
      }
    },
    couldBeTwo: (code) =>
      cloned.has(code) || (moved.has(code) && ((entered.get(code) ?? 0) > 1 || hasOnlyKeys)),
    areRelated: (one, other) => eldest(one) === eldest(other),
  };
}

/** Does it, unless the vendor refuses, as it would refuse anybody. */
function isAllowed(deed: () => void): boolean {
  try {
    deed();
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

function respelled(field: FieldName, before: string): string {
  if (field === 'email')
    return before === before.toUpperCase() ? before.toLowerCase() : before.toUpperCase();
  return `${before} jr`;
}
