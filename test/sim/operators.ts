/**
 * What the people do who run the systems and the sync: permissions and tokens that are lost and given
 * back, schemas and backups, policies, decisions about what is open, and trouble with workers.
 */
import type { EntityId } from '../../runtime/core/planner/model.ts';
import type { Backup } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { MemoryStore } from '../../runtime/store/memory.ts';
import type { Decision, StoredReview } from '../../runtime/store/store.ts';
import type { World } from '../../runtime/world/world.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Ledger } from './ledger.ts';
import { backupOf, putBack, type StoreBackup } from './own-backup.ts';
import type { People } from './people.ts';
import type { Action, FieldName, Scenario } from './scenario.ts';
import { setupOf, syncId, tenantId } from './setting.ts';
import { codeOf, COLLECTIONS, PATHS, tokenOf, type InsideOf, type System } from './system.ts';
import type { Weather } from './trouble.ts';

export interface Operators {
  /** Carries an action out, if it is one of operators. */
  act(action: Action): Promise<void>;
  /** What has to be ready before the first action; a backup, say. */
  prepare(actions: readonly Action[]): void;
  /** Gives back all that was taken, and tries again what was given up. */
  heal(): Promise<void>;
  token(system: System): string;
  /** Fields that a system no longer has, or no longer takes all values of: `crm-1/people/name`. */
  readonly drifted: ReadonlySet<string>;
  /** Codes of which an item was hidden from us for a while. */
  readonly hidden: ReadonlySet<string>;
  /** From when to when our own store knows nothing any more. */
  readonly forgotten: readonly { readonly from: number; readonly to: number }[];
}

export function operatorsOf({
  scenario,
  systems,
  insideOf,
  store,
  ledger,
  people,
  weather,
  world,
  dispatcher,
}: {
  scenario: Scenario;
  systems: readonly System[];
  insideOf: InsideOf;
  store: MemoryStore;
  ledger: Ledger;
  people: Pick<People, 'decidedAbout' | 'gaveUp'>;
  weather: Pick<Weather, 'poisoned'>;
  world: Pick<World, 'clock' | 'schedule'>;
  dispatcher: () => Dispatcher;
}): Operators {
  const tokens = new Map(systems.map((system) => [system.account, tokenOf(system)]));
  const backups = new Map<Action, Backup>();
  const drifted = new Set<string>();
  const hidden = new Set<string>();
  /** Each shows again what was hidden, and what has been deleted meanwhile as such. */
  const shows: (() => void)[] = [];
  const ownBackups = new Map<Action, StoreBackup>();
  const forgotten: { from: number; to: number }[] = [];
  /** Systems in which nobody is logged in, and the token of the next one who does. */
  const expired = new Map<System, string>();
  const policies = scenario.tenants.map(() => ({ version: 1, changes: {} }));

  function systemOf(action: { readonly tenant: number; readonly system: string }): System {
    const { tenant, system } = action;
    return systems.find((one) => one.tenant === tenant && one.scene.name === system)!;
  }

  /** As a person does who logs in again: the token is new, and the account takes part again. */
  async function logIn(system: System): Promise<void> {
    const token = expired.get(system);
    if (token === undefined) return;
    expired.delete(system);
    insideOf(system).setToken(token);
    tokens.set(system.account, token);
    await enable(system.tenant);
  }

  async function enable(tenant: number): Promise<void> {
    const { version, changes } = policies[tenant]!;
    await store.saveSetup(setupOf(scenario, tenant, changes, version));
  }

  async function decide(tenant: number, pick: number, all = false): Promise<void> {
    const page = { state: 'open', limit: 100 } as const;
    const conflicts = await store.listConflicts(tenantId(tenant), page);
    const reviews = await store.listReviews(tenantId(tenant), page);
    const decisions = [
      ...conflicts.flatMap(({ sync, entity, fingerprint, cell, values = [] }): Decision[] => {
        const choice = values[pick % Math.max(1, values.length)];
        if (!choice || cell === '*') return [];
        // Whoever decides has seen all of them.
        ledger.replaced(values, choice.value);
        return [{ kind: 'conflict', sync, entity, fingerprint, choice: choice.value }];
      }),
      ...reviews.flatMap((review): Decision[] => {
        if (wasNotDeleted(review)) return [];
        const choice =
          choicesFor(review)[pick % 3] ?? (all ? otherChoice(review, pick) : undefined);
        if (review.reason === 'remote-delete' && choice === 'delete') giveUp(review);
        return choice === undefined ? [] : [{ kind: 'review', review, choice }];
      }),
    ];
    if (decisions.length === 0) return;
    await store.decide(tenantId(tenant), { now: world.clock.now(), actor: 'Olga', decisions });
  }

  /** Nobody may have deleted what is asked about, because it was lost; whoever says so does it then. */
  function giveUp({ endpoint, entity }: StoredReview): void {
    const system = systems.find((one) => one.endpoint === endpoint)!;
    const record = entity && store.rowsOf(tenantId(system.tenant)).records.get(entity);
    const code = record && record.entity.cells['code']?.value;
    if (typeof code === 'string') people.gaveUp(code);
  }

  /**
   * Whoever is asked what to do about a deletion looks first, and sees that there was none: the item is
   * hidden, or was forgotten with a backup.
   */
  function wasNotDeleted({ sync, endpoint, remoteId }: StoredReview): boolean {
    const system = systems.find((one) => one.endpoint === endpoint)!;
    const collection = COLLECTIONS.find((one) => syncId(system.tenant, one) === sync)!;
    const hands = insideOf(system);
    const item = hands.item(collection, remoteId);
    const last = hands.log.findLast(
      (each) => each.collection === collection && each.id === remoteId,
    );
    if (last?.via === 'backup' && last.kind === 'deleted') return true;
    return item !== undefined && !item.archived && hidden.has(codeOf(item));
  }

  /** Whatever is decided about a whole item, what it ends as is what the person wanted. */
  function otherChoice(review: StoredReview, pick: number): Decision['choice'] | undefined {
    const { reason, candidates, entity } = review;
    const isOfBrake = reason === 'mass-change';
    // Whoever is asked whether everything was deleted looks first, and sees that it was not.
    if (isOfBrake) return review.remoteId.endsWith('missing') ? undefined : 'continue';
    const system = systems.find(({ endpoint }) => endpoint === review.endpoint)!;
    const { records } = store.rowsOf(tenantId(system.tenant));
    const collection = COLLECTIONS.find((one) => syncId(system.tenant, one) === review.sync)!;
    const item = insideOf(system).item(collection, review.remoteId);
    const choices = OTHER_CHOICES[reason] ?? ['link', 'new', 'ignore'];
    const decision = choices[pick % choices.length]!;
    const target = decision === 'link' ? candidates[pick % Math.max(1, candidates.length)] : entity;
    if (decision === 'link' && !target) return undefined;
    const codesOf = (ids: readonly (string | undefined)[]): string[] =>
      ids.flatMap((id) => {
        const code = id && records.get(id as EntityId)?.entity.cells['code']?.value;
        return typeof code === 'string' ? [code] : [];
      });
    // Only what was merged away goes with it, and whoever keeps them separate deletes nothing.
    if (reason === 'remote-merge') {
      if (decision === 'follow') for (const code of codesOf([entity])) people.gaveUp(code);
      return decision;
    }
    const concerned = codesOf([target, ...candidates]);
    people.decidedAbout([...(item ? [codeOf(item)] : []), ...concerned]);
    if (decision === 'delete') ledger.replaced(item?.fields, null);
    return decision === 'link' ? { decision, entity: target! } : decision;
  }

  async function replay(tenant: number): Promise<void> {
    const letters = await store.listDeadLetters(tenantId(tenant), { state: 'open', limit: 1000 });
    await store.answerDeadLetters(tenantId(tenant), {
      now: world.clock.now(),
      keys: letters.map(({ key }) => key),
      answer: 'replay',
    });
  }

  function changeField(
    system: System,
    field: FieldName,
    kind: 'removeField' | 'renameField' | 'retypeField',
  ): void {
    const hands = insideOf(system);
    const path = PATHS[field];
    if (!hands.fields('people').some((one) => one.path === path)) return;
    drifted.add(`${system.account}/people/${path}`);
    for (const { fields } of hands.items('people')) ledger.replaced(fields[path], null);
    if (kind === 'removeField') hands.removeField('people', path);
    else if (kind === 'renameField') hands.renameField('people', path, `${path}Old`);
    else hands.retypeField('people', path, 'number');
  }

  function dropOption(system: System): void {
    const { account } = system;
    const hands = insideOf(system);
    const field = hands.fields('people').find(({ path }) => path === 'status');
    if (field?.type !== 'enum') return;
    drifted.add(`${account}/people/status`);
    hands.dropOption('people', 'status', 'lost');
  }

  /** They are there, and nobody shows them to us. */
  function hide({ forMs, ...action }: Extract<Action, { kind: 'hide' }>): void {
    const hands = insideOf(systemOf(action));
    const { collection, codes } = action;
    const chosen = hands.items(collection).filter((item) => codes?.includes(codeOf(item)) ?? true);
    for (const item of chosen) hidden.add(codeOf(item));
    const ids = chosen.map(({ id }) => id);
    hands.hide(collection, ids, true);
    const show = (): void => hands.hide(collection, ids, false);
    shows.push(show);
    world.schedule.after(forMs, show);
  }

  function poison(deed: Extract<Action, { kind: 'poison' }>): void {
    const { collection, code, action, forMs } = deed;
    const system = systemOf(deed);
    const { account } = system;
    const item = insideOf(system)
      .items(collection)
      .find((one) => codeOf(one) === code);
    if (!item) return;
    const name = `${account}/${collection}/${action}/${item.id}`;
    weather.poisoned.add(name);
    world.schedule.after(forMs, () => weather.poisoned.delete(name));
  }

  /** Nobody works while a database is put back. */
  function restoreStore(action: Extract<Action, { kind: 'restoreStore' }>): void {
    const backup = ownBackups.get(action);
    if (!backup) return;
    for (let worker = 0; worker < scenario.workers; worker++) {
      dispatcher().worker(worker)?.process.kill();
    }
    putBack(store, backup);
    const to = world.clock.now();
    forgotten.push({ from: to - action.ofMsAgo, to });
  }

  function restore(system: System, backup: Backup): void {
    const hands = insideOf(system);
    for (const collection of COLLECTIONS) {
      for (const { fields } of hands.items(collection)) ledger.replaced(fields, null);
    }
    hands.restoreBackup(backup);
  }

  async function act(action: Action): Promise<void> {
    const worker = 'worker' in action ? dispatcher().worker(action.worker) : undefined;
    switch (action.kind) {
      case 'forbid': {
        const hands = insideOf(systemOf(action));
        hands.forbid(action.collection, true);
        world.schedule.after(action.forMs, () => hands.forbid(action.collection, false));
        return;
      }
      case 'expireToken': {
        const system = systemOf(action);
        const token = `${tokens.get(system.account)}+`;
        insideOf(system).setToken(`${token}?`);
        expired.set(system, token);
        world.schedule.after(action.forMs, () => void logIn(system));
        return;
      }
      case 'dropOption':
        dropOption(systemOf(action));
        return;
      case 'removeField':
      case 'renameField':
      case 'retypeField':
        changeField(systemOf(action), action.field, action.kind);
        return;
      case 'hide':
        hide(action);
        return;
      case 'poison':
        poison(action);
        return;
      case 'restoreStore':
        restoreStore(action);
        return;
      case 'restoreBackup':
        restore(systemOf(action), backups.get(action)!);
        return;
      case 'decide':
        await decide(action.tenant, action.pick, action.all);
        return;
      case 'replayDeadLetters':
        await replay(action.tenant);
        return;
      case 'changePolicy': {
        const { version } = policies[action.tenant]!;
        policies[action.tenant] = { version: version + 1, changes: action.policy };
        await enable(action.tenant);
        return;
      }
      case 'kill':
        worker?.process.killAt(worker.process.points() + 1 + action.afterPoints);
        return;
      case 'pause':
        worker?.process.pause(action.forMs);
        return;
      case 'setClock':
        worker?.process.setClock(action.aheadMs);
        return;
      case 'redeploy':
        dispatcher().redeploy(action.worker);
        return;
      // What people do, and forgers.
      case 'edit':
      case 'create':
      case 'delete':
      case 'restore':
      case 'merge':
      case 'clone':
      case 'rotate':
      case 'forgeWebhook':
      case 'replayWebhooks':
        return;
    }
  }

  return {
    act,
    prepare(actions) {
      for (const action of actions) {
        if (action.kind === 'restoreBackup') {
          world.schedule.after(action.at - action.ofMsAgo, () => {
            backups.set(action, insideOf(systemOf(action)).backup());
          });
        }
        if (action.kind === 'restoreStore') {
          world.schedule.after(action.at - action.ofMsAgo, () => {
            ownBackups.set(action, backupOf(store, [...scenario.tenants.keys()].map(tenantId)));
          });
        }
      }
    },
    async heal() {
      for (const system of systems) {
        const hands = insideOf(system);
        for (const collection of COLLECTIONS) {
          hands.forbid(collection, false);
        }
        await logIn(system);
      }
      for (const show of shows) show();
      for (let worker = 0; worker < scenario.workers; worker++) {
        dispatcher().worker(worker)?.process.setClock(0);
      }
      for (const tenant of scenario.tenants.keys()) {
        await enable(tenant);
        await replay(tenant);
      }
    },
    token: ({ account }) => tokens.get(account)!,
    drifted,
    hidden,
    forgotten,
  };
}

/** What can be answered, as the console offers it. */
function choicesFor({ reason }: StoredReview): readonly string[] {
  if (reason === 'remote-delete') return ['recreate', 'delete', 'unlink'];
  if (reason === 'remote-restore') return ['revive', 'deleteAgain'];
  return [];
}

/** Whoever asks whose an item is takes one of link, new and ignore instead. */
const OTHER_CHOICES: Readonly<Partial<Record<StoredReview['reason'], readonly string[]>>> = {
  'remote-merge': ['follow', 'separate'],
  'second-item': ['keep', 'delete'],
};
