/**
 * The HTML of the page. Every value of an item goes through `escape`, and nothing of an item is ever
 * part of a name or a script.
 */
import type { Hands } from '../crm/hands.ts';
import type { FieldOptions, Item } from '../crm/model.ts';
import type { Directory } from '../emulator.ts';
import { shownIn } from './form.ts';

/** What of all the accounts is shown. */
export interface Place {
  readonly account: string;
  readonly collection: string;
  /** From 1. */
  readonly page: number;
  /** Only items in which this occurs. */
  readonly wanted: string;
}

const ITEMS_PER_PAGE = 25;

export function renderPage(directory: Directory, place: Place, problem?: string): string {
  const hands = directory.account(place.account);
  const title = escape(directory.titleOf(place.account));
  const fields = hands.fields(place.collection);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>${escape(place.collection)} in ${escape(place.account)} · ${title}</title>
<link rel="icon" href="data:," />
<link rel="stylesheet" href="/page.css" />
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1>${title}</h1>
<p>A CRM for practice. What you do here, a person has done there.</p>
</header>
<nav aria-label="Accounts">${directory.accounts.map((name) => accountLinks(directory, name, place)).join('')}</nav>
<main>
<h2>${escape(place.collection)} <small>in ${escape(place.account)}</small></h2>
${alert(directory.warningOf(place.account))}${alert(problem)}
<form class="find" method="get" action="/">
${hidden('account', place.account)}${hidden('collection', place.collection)}
<label>Find <input type="search" name="wanted" value="${escape(place.wanted)}" /></label>
<button>Find</button>
</form>
<details class="new"><summary>New in ${escape(place.collection)}</summary>${itemForm(fields, place)}</details>
${itemList(hands, fields, place)}
</main>
</body>
</html>
`;
}

function alert(text: string | undefined): string {
  return text === undefined ? '' : `<p class="problem" role="alert">${escape(text)}</p>`;
}

function accountLinks(directory: Directory, name: string, place: Place): string {
  const hands = directory.account(name);
  const vendor = isOneVendor(directory) ? '' : ` <small>${escape(directory.titleOf(name))}</small>`;
  const links = hands.collections.map((collection) => {
    const isHere = hands.name === place.account && collection === place.collection;
    const href = linkTo({ account: hands.name, collection, page: 1, wanted: '' });
    const count = hands.items(collection).length;
    return `<a href="${href}"${isHere ? ' aria-current="page"' : ''}>${escape(collection)} <small>${count}</small></a>`;
  });
  return `<p><strong>${escape(hands.name)}</strong>${vendor} ${links.join(' ')}</p>`;
}

function isOneVendor(directory: Directory): boolean {
  return new Set(directory.accounts.map((name) => directory.titleOf(name))).size <= 1;
}

function itemList(hands: Hands, fields: readonly FieldOptions[], place: Place): string {
  const wanted = place.wanted.toLowerCase();
  const items = hands
    .items(place.collection)
    .filter((item) => wanted === '' || JSON.stringify(item.fields).toLowerCase().includes(wanted))
    .toReversed();
  const pages = Math.max(1, Math.ceil(items.length / ITEMS_PER_PAGE));
  const page = Math.min(place.page, pages);
  const shown = items.slice((page - 1) * ITEMS_PER_PAGE, page * ITEMS_PER_PAGE);
  const link = (to: number, text: string): string =>
    to < 1 || to > pages ? '' : `<a href="${linkTo({ ...place, page: to })}">${text}</a>`;
  return `<div id="items">
<p class="pager">${items.length} there, page ${page} of ${pages} ${link(page - 1, 'Newer')} ${link(page + 1, 'Older')}</p>
<ul>${shown.map((item) => `<li>${itemCard(item, fields, place)}</li>`).join('\n')}</ul>
</div>`;
}

function itemCard(item: Item, fields: readonly FieldOptions[], place: Place): string {
  const values = fields.map(({ path }) => inOneLine(item.fields[path]));
  const [title = '', ...more] = values.filter((value) => value !== '');
  return `<details><summary><b>${escape(title || 'nameless')}</b> <span>${escape(more.join(' · '))}</span>
<small>${escape(item.id)} · version ${item.version} · ${escape(item.updatedBy.kind)} · ${escape(item.updatedAt)}</small></summary>
${itemForm(fields, place, item)}</details>`;
}

function inOneLine(value: unknown): string {
  const isObject = typeof value === 'object' && value !== null;
  const texts = isObject ? Object.values(value).map(shownIn) : [shownIn(value)];
  return texts.join(', ').replaceAll(/\s+/g, ' ');
}

function itemForm(fields: readonly FieldOptions[], place: Place, item?: Item): string {
  const controls = fields.map((field) => {
    const value = item?.fields[field.path];
    const was = item === undefined ? '' : hidden(`was.${field.path}`, shownIn(value));
    return `<label><span>${escape(field.path)}</span>${control(field, value)}</label>${was}`;
  });
  const buttons =
    item === undefined
      ? '<button name="act" value="create">Create</button>'
      : '<button name="act" value="edit">Save</button> <button name="act" value="remove" class="remove">Delete</button>';
  return `<form method="post" action="${linkTo(place)}">
${item === undefined ? '' : hidden('id', item.id)}${controls.join('\n')}
<p>${buttons}</p>
</form>`;
}

function control(
  { path, type, options, maxLength, readOnly }: FieldOptions,
  value: unknown,
): string {
  const text = shownIn(value);
  const name = `name="field.${escape(path)}"${readOnly === true ? ' disabled' : ''}`;
  if (type === 'boolean') return select(name, ['', 'true', 'false'], [text]);
  if (type === 'enum') return select(name, withOwn(['', ...(options ?? [])], [text]), [text]);
  if (type === 'set' && options !== undefined) {
    const chosen = text.split('\n');
    return select(`${name} multiple`, withOwn(options, text === '' ? [] : chosen), chosen);
  }
  if (['set', 'object', 'list', 'references'].includes(type)) {
    return `<textarea ${name} rows="3">${escape(text)}</textarea>`;
  }
  const kind = { date: 'date', number: 'number', email: 'email', phone: 'tel' }[type as string];
  const most = maxLength === undefined ? '' : ` maxlength="${maxLength}"`;
  const step = type === 'number' ? ' step="any"' : '';
  return `<input ${name} type="${kind ?? 'text'}"${step}${most} value="${escape(text)}" />`;
}

/** An option that was dropped stays to be chosen where it is. */
function withOwn(options: readonly string[], own: readonly string[]): readonly string[] {
  return [...new Set([...options, ...own])];
}

function select(name: string, options: readonly string[], chosen: readonly string[]): string {
  const list = options.map((option) => {
    const isChosen = chosen.includes(option) ? ' selected' : '';
    return `<option value="${escape(option)}"${isChosen}>${escape(option || '—')}</option>`;
  });
  return `<select ${name}>${list.join('')}</select>`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${escape(name)}" value="${escape(value)}" />`;
}

function linkTo({ account, collection, page, wanted }: Place): string {
  const query = new URLSearchParams({ account, collection });
  if (page > 1) query.set('page', String(page));
  if (wanted !== '') query.set('wanted', wanted);
  return escape(`/?${query.toString()}`);
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
