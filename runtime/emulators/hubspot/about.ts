/** The calls about the account itself: who it is, how much it has asked today, its owners, its pipelines. */
import { iso, latest } from '../crm/item.ts';
import type { State } from '../crm/model.ts';
import { flagIn, limitIn, objectIn, type Ask, type Plan } from './asking.ts';
import type { PipelineOptions } from './options.ts';
import { invalid, notFound } from './refused.ts';
import { formShape } from './tokens.ts';

export function details({ host }: Ask): Plan {
  const { portalId, utcOffsetMinutes } = host.account.settings;
  return about({
    portalId,
    accountType: 'STANDARD',
    timeZone: utcOffsetMinutes === 0 ? 'Etc/UTC' : 'Europe/Budapest',
    companyCurrency: 'EUR',
    additionalCurrencies: ['HUF', 'USD'],
    utcOffset: offsetOf(utcOffsetMinutes),
    utcOffsetMilliseconds: utcOffsetMinutes * 60_000,
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  });
}

export function usage({ host }: Ask): Plan {
  return {
    action: 'about',
    carryOut() {
      const daily = host.limits.levels.find(({ name }) => name === 'daily');
      if (daily === undefined) return { status: 200, body: { results: [] } };
      const nowMs = host.account.nowMs;
      const used = {
        name: 'api-calls-daily',
        usageLimit: daily.capacity,
        currentUsage: daily.capacity - Math.floor(daily.left),
        collectedAt: iso(nowMs),
        fetchStatus: 'SUCCESS',
        resetsAt: iso(nowMs + Math.ceil(daily.fullInMs)),
      };
      return { status: 200, body: { results: [used] } };
    },
  };
}

/** Those who are here; with `archived`, those who have left. */
export function listOwners({ host, query }: Ask): Plan {
  const limit = limitIn(query, { usual: 100, most: 500 });
  const email = query.get('email')?.toLowerCase();
  const life = flagIn(query, 'archived') ? 'archived' : 'live';
  const owners = host.account.collections.get('owners')!;
  const after = query.get('after');
  const start = after === null ? 0 : owners.entry(after)?.order;
  if (start === undefined) throw invalid(`Invalid paging token: ${after}`);
  return {
    action: 'list',
    items: limit,
    carryOut() {
      const found = owners.entries.slice(start).filter((entry) => {
        const state = latest(entry);
        const isWanted =
          email === undefined || owners.item(entry.id, state).fields['email'] === email;
        return state.life === life && isWanted && !owners.hidden.has(entry.id);
      });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1)!.id : undefined;
      const results = page.map((entry) => shownOwner(host, entry.id, latest(entry)));
      const paging =
        last === undefined ? {} : { paging: { next: { after: last, link: `?after=${last}` } } };
      return { status: 200, body: { results, ...paging } };
    },
  };
}

export function getOwner({ host, params, query }: Ask): Plan {
  const owners = host.account.collections.get('owners')!;
  const asked = params['id']!;
  const isByUser = query.get('idProperty') === 'userId';
  const life = flagIn(query, 'archived') ? 'archived' : 'live';
  return {
    action: 'read',
    carryOut() {
      const entry = owners.entries.find(({ id, states }) => {
        const { fields } = owners.item(id, states.at(-1)!);
        return isByUser ? fields['userId'] === Number(asked) : id === asked;
      });
      if (entry === undefined || latest(entry).life !== life) throw notFound();
      return { status: 200, body: shownOwner(host, entry.id, latest(entry)) };
    },
  };
}

export function listPipelines(ask: Ask): Plan {
  return about({ results: pipelinesIn(ask).map(shownPipeline) });
}

export function getPipeline(ask: Ask): Plan {
  return about(shownPipeline(pipelineIn(ask), 0));
}

export function listStages(ask: Ask): Plan {
  return about({ results: pipelineIn(ask).stages.map(shownStage) });
}

export function getStage(ask: Ask): Plan {
  const { stages } = pipelineIn(ask);
  const index = stages.findIndex(({ id }) => id === ask.params['stage']);
  if (index === -1) throw notFound();
  return about(shownStage(stages[index]!, index));
}

export function exchangeToken({ host, body, version }: Ask): Plan {
  const form = formShape.parse(body);
  return {
    action: 'about',
    carryOut: () => ({
      status: 200,
      body: host.tokens.exchange(form, host, version !== 'v1'),
    }),
  };
}

export function introspect({ host, body }: Ask): Plan {
  const { token = '' } = formShape.parse(body);
  return {
    action: 'about',
    carryOut: () => {
      const isRefresh = token === host.account.token;
      const found = isRefresh ? host.tokens.refreshInfo(host) : host.tokens.info(token, true);
      return { status: 200, body: found };
    },
  };
}

export function revoke({ host, body }: Ask): Plan {
  const { token = '' } = formShape.parse(body);
  return {
    action: 'about',
    carryOut() {
      host.tokens.revoke(token);
      return { status: 204 };
    },
  };
}

export function accessToken({ host, params }: Ask): Plan {
  return {
    action: 'about',
    carryOut: () => ({ status: 200, body: host.tokens.info(params['token']!, false) }),
  };
}

export function refreshToken({ host, params, method }: Ask): Plan {
  return {
    action: 'about',
    carryOut() {
      if (params['token'] !== host.account.token) throw notFound('The token does not exist.');
      if (method === 'GET') return { status: 200, body: host.tokens.refreshInfo(host) };
      host.tokens.revoke(host.account.token);
      return { status: 204 };
    },
  };
}

function about(body: object): Plan {
  return { action: 'about', carryOut: () => ({ status: 200, body }) };
}

function offsetOf(minutes: number): string {
  const sign = minutes < 0 ? '-' : '+';
  const two = (part: number): string => String(part).padStart(2, '0');
  const all = Math.abs(minutes);
  return `${sign}${two(Math.floor(all / 60))}:${two(all % 60)}`;
}

function shownOwner({ account }: Ask['host'], id: string, state: State): object {
  const { fields } = account.collections.get('owners')!.item(id, state);
  const isHere = state.life === 'live';
  return {
    id,
    email: fields['email'],
    type: 'PERSON',
    firstName: fields['firstName'] ?? '',
    lastName: fields['lastName'] ?? '',
    // Who has left is no user any more.
    ...(isHere ? { userId: fields['userId'] } : {}),
    userIdIncludingInactive: fields['userId'],
    createdAt: iso(state.createdAtMs),
    updatedAt: iso(state.updatedAtMs),
    archived: !isHere,
  };
}

function pipelinesIn(ask: Ask): readonly PipelineOptions[] {
  return objectIn(ask).name === 'deals' ? ask.host.account.settings.pipelines : [];
}

function pipelineIn(ask: Ask): PipelineOptions {
  const found = pipelinesIn(ask).find(({ id }) => id === ask.params['pipeline']);
  if (found === undefined) throw notFound();
  return found;
}

const LONG_AGO = '2020-01-01T00:00:00Z';
const TIMES = { createdAt: LONG_AGO, updatedAt: LONG_AGO, archived: false };

function shownPipeline({ id, label, stages }: PipelineOptions, displayOrder: number): object {
  return { id, label, displayOrder, stages: stages.map(shownStage), ...TIMES };
}

function shownStage(
  { id, label, probability }: PipelineOptions['stages'][number],
  displayOrder: number,
): object {
  const isClosed = probability === 0 || probability === 1;
  // Texts, as all values.
  const metadata = { isClosed: String(isClosed), probability: probability.toFixed(1) };
  return {
    id,
    label,
    displayOrder,
    metadata,
    writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
    ...TIMES,
  };
}
