/**
 * What the people do who run the systems and the sync: permissions and tokens that are lost and given
 * back, schemas and backups, policies, decisions about what is open, and trouble with workers.
 */
import type { Backup, Grumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { MemoryStore } from '../../runtime/store/memory.ts';
import type { Decision, StoredReview } from '../../runtime/store/store.ts';
import type { World } from '../../runtime/world/world.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Ledger } from './ledger.ts';
import type { Action, FieldName, Scenario } from './scenario.ts';
import { COLLECTIONS, PATHS, setupOf, tenantId, tokenOf, type System } from './setting.ts';

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
}

export function operatorsOf({
  scenario,
  systems,
  grumpy,
  store,
  ledger,
  world,
  dispatcher,
}: {
  scenario: Scenario;
  systems: readonly System[];
  grumpy: Pick<Grumpy, 'account'>;
  store: MemoryStore;
  ledger: Ledger;
  world: Pick<World, 'clock' | 'schedule'>;
  dispatcher: () => Dispatcher;
}): Operators {
  const tokens = new Map(systems.map((system) => [system.account, tokenOf(system)]));
  const backups = new Map<Action, Backup>();
  const drifted = new Set<string>();
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
    grumpy.account(system.account).setToken(token);
    tokens.set(system.account, token);
    await enable(system.tenant);
  }

  async function enable(tenant: number): Promise<void> {
    const { version, changes } = policies[tenant]!;
    await store.saveSetup(setupOf(scenario, tenant, changes, version));
  }

  async function decide(tenant: number, pick: number): Promise<void> {
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
        const choice = choicesFor(review)[pick % 3];
        return choice === undefined ? [] : [{ kind: 'review', review, choice }];
      }),
    ];
    if (decisions.length === 0) return;
    await store.decide(tenantId(tenant), { now: world.clock.now(), actor: 'Olga', decisions });
  }

  async function replay(tenant: number): Promise<void> {
    const letters = await store.listDeadLetters(tenantId(tenant), { state: 'open', limit: 1000 });
    await store.answerDeadLetters(tenantId(tenant), {
      now: world.clock.now(),
      keys: letters.map(({ key }) => key),
      answer: 'replay',
    });
  }

  function removeField(system: System, field: FieldName): void {
    const hands = grumpy.account(system.account);
    const path = PATHS[field];
    if (!hands.fields('people').some((one) => one.path === path)) return;
    drifted.add(`${system.account}/people/${path}`);
    for (const { fields } of hands.items('people')) ledger.replaced(fields[path], null);
    hands.removeField('people', path);
  }

  function restore(system: System, backup: Backup): void {
    const hands = grumpy.account(system.account);
    for (const collection of COLLECTIONS) {
      for (const { fields } of hands.items(collection)) ledger.replaced(fields, null);
    }
    hands.restoreBackup(backup);
  }

  async function act(action: Action): Promise<void> {
    const worker = 'worker' in action ? dispatcher().worker(action.worker) : undefined;
    switch (action.kind) {
      case 'forbid': {
        const hands = grumpy.account(systemOf(action).account);
        hands.forbid(action.collection, true);
        world.schedule.after(action.forMs, () => hands.forbid(action.collection, false));
        return;
      }
      case 'expireToken': {
        const system = systemOf(action);
        const token = `${tokens.get(system.account)}+`;
        grumpy.account(system.account).setToken(`${token}?`);
        expired.set(system, token);
        world.schedule.after(action.forMs, () => void logIn(system));
        return;
      }
      case 'dropOption':
        drifted.add(`${systemOf(action).account}/people/status`);
        grumpy.account(systemOf(action).account).dropOption('people', 'status', 'lost');
        return;
      case 'removeField':
        removeField(systemOf(action), action.field);
        return;
      case 'restoreBackup':
        restore(systemOf(action), backups.get(action)!);
        return;
      case 'decide':
        await decide(action.tenant, action.pick);
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
        return;
    }
  }

  return {
    act,
    prepare(actions) {
      for (const action of actions) {
        if (action.kind !== 'restoreBackup') continue;
        world.schedule.after(action.at - action.ofMsAgo, () => {
          backups.set(action, grumpy.account(systemOf(action).account).backup());
        });
      }
    },
    async heal() {
      for (const system of systems) {
        const hands = grumpy.account(system.account);
        for (const collection of COLLECTIONS) hands.forbid(collection, false);
        await logIn(system);
      }
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
  };
}

/** What can be answered, as the console offers it. */
function choicesFor({ reason }: StoredReview): readonly string[] {
  if (reason === 'remote-delete') return ['recreate', 'delete', 'unlink'];
  if (reason === 'remote-restore') return ['revive', 'deleteAgain'];
  return [];
}
