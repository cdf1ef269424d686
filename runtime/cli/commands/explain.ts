/** `tributary explain`: where the values of a record come from, and what stops it. */
import { TributaryError } from '../../core/errors.ts';
import type { Explanation, FieldExplanation, Gate } from '../../engine/explaining.ts';
import { CONFIG_OPTIONS, EXIT, misused, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite, type Site } from '../installation.ts';
import type { Output } from '../output.ts';
import { readable } from '../preview.ts';
import { namesIn, timeOf, type Names } from '../questions.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'why a record is as it is, or why it does not sync',
  about: [
    'Of each field, or of one: its value, who typed it and when, by which rule it won, in which run, and',
    'where each system stands. Of a record that is not in step: the first thing that stops it, and what',
    'to do. Reads no vendor and changes nothing. Exit code 0 in step, 2 something stops it.',
    '',
  ].join('\n'),
  words: ['<sync>', '<account>', '<id>', '[field]'],
  options: CONFIG_OPTIONS,
  run: (given) =>
    atSite(given, async (site) => {
      await demandSetup(site);
      const [sync, account, remoteId, field] = given.words as [string, string, string, string?];
      const explanation = await explained(site, { sync, account, remoteId });
      const fields = explanation.fields.filter((each) => !field || each.field === field);
      if (field && explanation.entity !== undefined && fields.length === 0) {
        const known = explanation.fields.map((each) => each.field).join(', ');
        throw misused('explain', `The sync "${sync}" has no field "${field}", but ${known}.`);
      }
      tell({ ...explanation, fields }, namesIn(site), given.output);
      return explanation.gate ? EXIT.waiting : EXIT.good;
    }),
};

function explained(
  site: Site,
  { sync, account, remoteId }: { sync: string; account: string; remoteId: string },
): Promise<Explanation> {
  const [{ id, policy }] = site.syncs(sync) as [ReturnType<Site['syncs']>[number]];
  const names = namesIn(site);
  const titles = policy.members.map(({ endpoint }) => names.account(endpoint));
  const member = policy.members[titles.indexOf(account)];
  if (member) {
    const { endpoint } = member;
    return site.engine.explain(site.tenant, { kind: 'item', sync: id, endpoint, remoteId });
  }
  throw new TributaryError('account-unknown', {
    what: `"${account}" is no member of the sync "${sync}".`,
    next: `There are: ${titles.join(', ')}.`,
  });
}

function tell({ life, entity, fields, gate, history }: Explanation, names: Names, output: Output) {
  output.tell({
    event: 'explanation',
    life,
    entity,
    ...(gate ? { gate: toldGate(gate, names) } : {}),
    fields: fields.map((field) => toldField(field, names)),
    history: history.map(({ run, at, outcome, endpoint, detail }) => {
      const account = endpoint === undefined ? undefined : names.account(endpoint);
      return { run, at: timeOf(at), outcome, account, detail };
    }),
  });
  if (entity !== undefined) output.say(`record ${entity} (${life})`);
  for (const field of fields) sayField(toldField(field, names), output);
  if (!gate) {
    output.say('Nothing stops it.');
    return;
  }
  const where = gate.endpoint === undefined ? '' : ` at ${names.account(gate.endpoint)}`;
  output.say(`Stopped${where} (${gate.code}): ${gate.what}`);
  output.say(`Next: ${gate.next}`);
}

function toldGate({ endpoint, ...gate }: Gate, names: Names) {
  return { ...gate, ...(endpoint === undefined ? {} : { account: names.account(endpoint) }) };
}

function toldField({ origin, at, systems, ...field }: FieldExplanation, names: Names) {
  return {
    ...field,
    ...(origin === undefined ? {} : { origin: names.origin(origin) }),
    ...(at === undefined ? {} : { at: timeOf(at) }),
    systems: systems.map(({ endpoint, remoteId, ...rest }) => {
      return { account: names.account(endpoint), item: remoteId, ...rest };
    }),
  };
}

function sayField(
  { field, value, origin, at, rule, why, run, systems }: ReturnType<typeof toldField>,
  output: Output,
): void {
  output.say(`${field}: ${readable(value)}`);
  if (origin !== undefined) output.say(`    from ${origin}${at === undefined ? '' : `, ${at}`}`);
  if (rule !== undefined) output.say(`    ${rule}: ${why ?? ''} (run ${run ?? ''})`);
  for (const system of systems) {
    const reason = system.why === undefined ? '' : `: ${system.why}`;
    output.say(
      `    ${system.account} ${system.item}: ${readable(system.value)}, ${system.state}${reason}`,
    );
  }
}
