/**
 * What only some worlds have to go through, besides what happens everywhere: each hardship has its own
 * chance, so that a new one leaves the worlds as they are that do not meet it.
 */
import type { Dice } from './dice.ts';
import type { Action, FieldName, Scenario, TenantScene } from './scenario.ts';
import { vendorOf } from './vendors/vendors.ts';

export const HARDSHIPS = {
  hidden,
  brakes,
  decisions,
  renaming,
  retyping,
  poison,
  bodies,
  replays,
  flood,
  forgetting,
  backups,
} satisfies Record<string, Hardship>;

export type HardshipName = keyof typeof HARDSHIPS;

/** One world in so many. What nobody promises yet is only met by those who ask for it. */
const ONE_IN: Readonly<Record<HardshipName, number>> = {
  hidden: 12,
  brakes: 12,
  decisions: 8,
  renaming: 12,
  retyping: 12,
  poison: 12,
  bodies: 20,
  replays: 12,
  flood: 60,
  forgetting: 20,
  backups: 20,
};

/** The scenario with what it has to go through, which is given or left to chance. */
export function withHardships(
  scenario: Scenario,
  random: (stream: string) => Dice,
  given?: readonly HardshipName[],
): Scenario {
  return Object.entries(HARDSHIPS).reduce((world, [name, hardship]) => {
    const dice = random(name);
    const oneIn = ONE_IN[name as HardshipName];
    const isMet =
      given?.includes(name as HardshipName) ?? (Number.isFinite(oneIn) && dice.oneIn(oneIn));
    return isMet ? hardship(world, dice) : world;
  }, scenario);
}

type Hardship = (scenario: Scenario, dice: Dice) => Scenario;

/**
 * What is there is not shown to us, which looks as if it had been deleted. A single item that a vendor
 * without an archive hides is deleted, as far as anybody can tell.
 */
function hidden(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system, records } = placeIn(scenario, dice);
  const { collection, code } = dice.pick(records);
  const forMs = dice.between(1, 40) * MINUTE_MS;
  const { systems } = scenario.tenants[tenant]!;
  const scene = systems.find(({ name }) => name === system)!;
  const { hasArchive } = vendorOf(scene).natureOf(scene);
  const some = dice.oneIn(2) && hasArchive ? { codes: [code] } : {};
  return during(scenario, { tenant, at: timeIn(scenario, dice) }, [
    { kind: 'hide', system, collection, ...some, forMs },
  ]);
}

/** At two in an hour, more of them would take days. */
const BRAKED = 6;

/** Few deletions and few blanks are let through, and somebody makes many of them. */
function brakes(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system, records } = placeIn(scenario, dice);
  const people = records.filter(({ collection }) => collection === 'people').slice(0, BRAKED);
  const braked = changeTenant(scenario, tenant, (scene) => ({
    ...scene,
    policy: { ...scene.policy, brakes: { delete: 2, blank: 2 } },
  }));
  const field = dice.pick<FieldName>(['name', 'phone', 'email']);
  const isBlanking = dice.oneIn(2);
  const at = timeIn(scenario, dice);
  const deeds = people.map(({ collection, code }): Deed => {
    const item = { system, collection, code };
    return isBlanking
      ? { kind: 'edit', ...item, field, how: 'clear' }
      : { kind: 'delete', ...item };
  });
  const world = during(braked, { tenant, at }, deeds);
  if (dice.oneIn(2)) return world;
  const later = Math.min(at + dice.below(30 * MINUTE_MS), scenario.minutes * MINUTE_MS - 1);
  return during(world, { tenant, at: later }, [{ kind: 'decide', pick: 0, all: true }]);
}

/** Somebody answers whatever is open, now and then. */
function decisions(scenario: Scenario, dice: Dice): Scenario {
  return Array.from({ length: 4 }).reduce<Scenario>((world) => {
    const tenant = dice.below(scenario.tenants.length);
    const deed: Deed = { kind: 'decide', pick: dice.below(6), all: true };
    return during(world, { tenant, at: timeIn(scenario, dice) }, [deed]);
  }, scenario);
}

/** An admin calls a field by another name. */
function renaming(scenario: Scenario, dice: Dice): Scenario {
  return changedField(scenario, dice, 'renameField');
}

/** An admin makes a field a number, and what is no number is lost there. */
function retyping(scenario: Scenario, dice: Dice): Scenario {
  return changedField(scenario, dice, 'retypeField');
}

function changedField(
  scenario: Scenario,
  dice: Dice,
  kind: 'renameField' | 'retypeField',
): Scenario {
  const { tenant, system } = placeIn(scenario, dice);
  const field = dice.pick<FieldName>(['name', 'phone', 'status', 'tags']);
  return during(scenario, { tenant, at: timeIn(scenario, dice) }, [{ kind, system, field }]);
}

/** The vendor has one item that it always fails at. */
function poison(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system, records } = placeIn(scenario, dice);
  const { collection, code } = dice.pick(records);
  const action = dice.pick(['read', 'update'] as const);
  const forMs = dice.between(1, 120) * MINUTE_MS;
  return during(scenario, { tenant, at: timeIn(scenario, dice) }, [
    { kind: 'poison', system, collection, code, action, forMs },
  ]);
}

/** A system takes no long bodies, and somebody writes novels into a field elsewhere. */
function bodies(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system, records } = placeIn(scenario, dice);
  const narrow = changeTenant(scenario, tenant, (scene) => ({
    ...scene,
    systems: scene.systems.map((one) =>
      one.name === system
        ? { ...one, abilities: { ...one.abilities, bodyCharactersMax: 20_000 } }
        : one,
    ),
  }));
  const elsewhere = scenario.tenants[tenant]!.systems.find(({ name }) => name !== system)!.name;
  const { collection, code } = dice.pick(records);
  const item = { system: elsewhere, collection, code };
  return during(narrow, { tenant, at: timeIn(scenario, dice) }, [
    { kind: 'edit', ...item, field: 'name', how: 'huge' },
  ]);
}

function replays(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system } = placeIn(scenario, dice);
  return during(scenario, { tenant, at: timeIn(scenario, dice) }, [
    { kind: 'replayWebhooks', system },
  ]);
}

/** An import script changes everything over and over. */
function flood(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system, records } = placeIn(scenario, dice);
  const at = timeIn(scenario, dice);
  return Array.from({ length: 200 }).reduce<Scenario>((world) => {
    const { collection, code } = dice.pick(records);
    const edit: Deed = { kind: 'edit', system, collection, code, field: 'name', how: 'type' };
    const then = Math.min(at + dice.below(60_000), scenario.minutes * MINUTE_MS - 1);
    return during(world, { tenant, at: then }, [edit]);
  }, scenario);
}

/** Our own database is lost, and what is put back is not the latest. */
function forgetting(scenario: Scenario, dice: Dice): Scenario {
  const at = timeIn(scenario, dice);
  const ofMsAgo = Math.min(at, dice.between(5, 1_800) * 1_000);
  return during(scenario, { tenant: 0, at }, [{ kind: 'restoreStore', ofMsAgo }]);
}

/** A vendor is put back to what it was at some moment before, which may be the first one. */
function backups(scenario: Scenario, dice: Dice): Scenario {
  const { tenant, system } = placeIn(scenario, dice);
  const at = timeIn(scenario, dice);
  const ofMsAgo = dice.oneIn(4) ? at : dice.below(at + 1);
  return during(scenario, { tenant, at }, [{ kind: 'restoreBackup', system, ofMsAgo }]);
}

// ---------------------------------------------------------------------------------------------

const MINUTE_MS = 60_000;

type Deed = Timeless<Action>;
type Timeless<One> = One extends unknown ? Omit<One, 'at' | 'tenant'> : never;

function placeIn({ tenants }: Scenario, dice: Dice) {
  const tenant = dice.below(tenants.length);
  const { systems, records } = tenants[tenant]!;
  return { tenant, system: dice.pick(systems).name, records };
}

function timeIn({ minutes }: Scenario, dice: Dice): number {
  return dice.below(minutes * MINUTE_MS);
}

function during(
  scenario: Scenario,
  when: Pick<Action, 'at' | 'tenant'>,
  deeds: readonly Deed[],
): Scenario {
  const actions = deeds.map((deed): Action => ({ ...when, ...deed }));
  return { ...scenario, actions: [...scenario.actions, ...actions] };
}

function changeTenant(
  scenario: Scenario,
  tenant: number,
  change: (scene: TenantScene) => TenantScene,
): Scenario {
  const tenants = scenario.tenants.with(tenant, change(scenario.tenants[tenant]!));
  return { ...scenario, tenants };
}
