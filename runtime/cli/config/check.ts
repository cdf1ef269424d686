/**
 * What can be wrong with a configuration although every part of it has the right form: names that lead
 * nowhere, settings that contradict each other, accounts that their vendor's connector would not open.
 */
import type { Connector } from '../../connectors/connector.ts';
import { MappingError } from '../../core/mapping/config.ts';
import { compileMapping } from '../../core/mapping/mapping.ts';
import { problemsIn, type Problem } from './issues.ts';
import { mappingOf } from './setup.ts';
import { inFull, type AccountConfig, type Config, type SyncConfig } from './schema.ts';
import type { Path } from './source.ts';

export interface Circumstances {
  readonly connectors: readonly Connector[];
  /** What is meant for development is a mistake then. */
  readonly isProduction: boolean;
}

export function problemsWith(config: Config, circumstances: Circumstances): Problem[] {
  const accounts = Object.entries(config.accounts);
  return [
    ...problemsWithIds('accounts', config.accounts),
    ...problemsWithIds('syncs', config.syncs),
    ...accounts.flatMap(([name, account]) => problemsWithAccount(name, account, circumstances)),
    ...Object.entries(config.syncs).flatMap(([name, sync]) => problemsWithSync(name, sync, config)),
  ];
}

/** What the connector of an account is opened with. */
export function vendorConfigOf({ vendor: _vendor, id: _id, ...own }: AccountConfig): object {
  return own;
}

function problemsWithIds(
  of: 'accounts' | 'syncs',
  entries: Readonly<Record<string, { readonly id?: string | undefined }>>,
): Problem[] {
  const seen = new Map<string, string>();
  return Object.entries(entries).flatMap(([name, { id = name }]) => {
    const other = seen.get(id);
    seen.set(id, name);
    if (other === undefined) return [];
    const what = `${name} and ${other} have the same id "${id}"`;
    return [{ path: [of, name], what, next: 'Give one of them another.' }];
  });
}

function problemsWithAccount(
  name: string,
  account: AccountConfig,
  { connectors, isProduction }: Circumstances,
): Problem[] {
  const connector = connectors.find(({ vendor }) => vendor === account.vendor);
  if (!connector) {
    const path = ['accounts', name, 'vendor'];
    const what = `There is no vendor "${account.vendor}"`;
    const next = `There are: ${connectors.map(({ vendor }) => vendor).join(', ')}.`;
    return [{ path, what, next }];
  }
  const { data, error } = connector.config.safeParse(vendorConfigOf(account));
  const unfit = isProduction && data ? (connector.developmentOnly?.(data) ?? []) : [];
  const problems = error
    ? problemsIn(error)
    : unfit.map((member) => ({
        path: [member],
        what: 'This is for development, and NODE_ENV says that this is production',
        next: 'Fill in what proves to the system who is calling.',
      }));
  return problems.map((each) => ({ ...each, path: ['accounts', name, ...each.path] }));
}

function problemsWithSync(name: string, sync: SyncConfig, config: Config): Problem[] {
  const at: Path = ['syncs', name];
  return [
    ...problemsWithMembers(at, sync, config),
    ...problemsWithFields(at, sync, config),
    ...problemsWithNames(at, sync),
    ...problemsWithMappings(at, sync),
  ];
}

function problemsWithMembers(at: Path, { members }: SyncConfig, { accounts }: Config): Problem[] {
  const names = Object.keys(members);
  const few =
    names.length >= 2
      ? []
      : [
          {
            path: [...at, 'members'],
            what: `A sync needs two members, and this one has ${names.length}`,
            next: 'Add an account.',
          },
        ];
  const unknown = names
    .filter((name) => accounts[name] === undefined)
    .map((name) => ({
      path: [...at, 'members', name],
      what: `There is no account "${name}"`,
      next: `Accounts are: ${Object.keys(accounts).join(', ') || 'none'}.`,
    }));
  return [...few, ...unknown];
}

function problemsWithFields(at: Path, sync: SyncConfig, { syncs }: Config): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, what: string, next: string): void => {
    problems.push({ path: [...at, 'fields', ...path], what, next });
  };
  const members = Object.values(sync.members);
  let isMatched = false;
  for (const [name, given] of Object.entries(sync.fields)) {
    const { kind, match, strategy, to } = inFull(given);
    isMatched ||= match !== false;
    if (!members.some(({ fields }) => fields[name] !== undefined)) {
      report([name], 'No member has this field', 'Say at the members where it stands.');
    }
    if (kind === 'reference' && to === undefined) {
      report([name], 'A reference has to say to what', 'Add "to:" with the name of a sync.');
    }
    if (kind !== 'reference' && to !== undefined) {
      report([name, 'to'], `A ${kind} leads nowhere`, 'Remove it, or make the kind a reference.');
    }
    if (to !== undefined && syncs[to] === undefined) {
      const known = Object.keys(syncs).join(', ');
      report([name, 'to'], `There is no sync "${to}"`, `Syncs are: ${known}.`);
    }
    if (strategy === 'fieldLevelMerge' && kind !== 'set' && kind !== 'composite') {
      const next = 'Choose another strategy.';
      report([name, 'strategy'], `A ${kind} has no parts to merge one by one`, next);
    }
  }
  if (!isMatched) {
    const next =
      'Add "match: true" to the field that tells who is who, such as the e-mail address.';
    report([], 'No field says which items are the same record', next);
  }
  return problems;
}

/** Names of members and fields, wherever they are mentioned. */
function problemsWithNames(at: Path, sync: SyncConfig): Problem[] {
  const isMember = (name: string): boolean => sync.members[name] !== undefined;
  const isField = (name: string): boolean => sync.fields[name] !== undefined;
  const [members, fields] = [Object.keys(sync.members), Object.keys(sync.fields)];
  const notMember = (path: Path, name: string): Problem[] =>
    isMember(name)
      ? []
      : [
          {
            path: [...at, ...path],
            what: `"${name}" is no member of this sync`,
            next: `Members are: ${members.join(', ')}.`,
          },
        ];
  const notField = (path: Path, name: string): Problem[] =>
    isField(name)
      ? []
      : [
          {
            path: [...at, ...path],
            what: `This sync has no field "${name}"`,
            next: `Fields are: ${fields.join(', ')}.`,
          },
        ];
  return [
    ...sync.deletes.authority.flatMap((name, n) => notMember(['deletes', 'authority', n], name)),
    ...Object.entries(sync.fields).flatMap(([field, given]) =>
      (inFull(given).order ?? []).flatMap((name, n) =>
        notMember(['fields', field, 'order', n], name),
      ),
    ),
    ...Object.entries(sync.members).flatMap(([member, { fields: mapped, filter }]) => [
      ...Object.keys(mapped).flatMap((name) => notField(['members', member, 'fields', name], name)),
      ...Object.keys(filter).flatMap((name) => notField(['members', member, 'filter', name], name)),
    ]),
    ...sync.brakes.protected.flatMap(({ field }, n) =>
      notField(['brakes', 'protected', n, 'field'], field),
    ),
  ];
}

function problemsWithMappings(at: Path, sync: SyncConfig): Problem[] {
  return Object.entries(sync.members).flatMap(([name, member]) => {
    try {
      compileMapping(mappingOf(sync, member));
      return [];
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      return error.problems.map(({ path, what, next }) => ({
        path: placeOf(at, name, path),
        what,
        next,
      }));
    }
  });
}

/** The mapping names `fields.phone.options.region`; kind and options stand at the sync's field. */
function placeOf(at: Path, member: string, path: string): Path {
  const [, field, setting] = path.split('.');
  if (setting === 'kind' || setting === 'options') {
    return [...at, ...path.split('.')];
  }
  return field === undefined
    ? [...at, 'members', member]
    : [...at, 'members', member, ...path.split('.')];
}
