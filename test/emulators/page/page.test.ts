import assert from 'node:assert/strict';
import type { FieldOptions } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { browserForTests } from '../../support/browser.ts';
import { localEmulators } from '../local.ts';

const FIELDS: readonly FieldOptions[] = [
  { path: 'name', type: 'text' },
  { path: 'size', type: 'number' },
  { path: 'open', type: 'boolean' },
  { path: 'day', type: 'date' },
  { path: 'tags', type: 'set', options: ['a', 'b', 'c'] },
  { path: 'words', type: 'set' },
  { path: 'address', type: 'object' },
  { path: 'stage', type: 'enum', options: ['new', 'old'] },
];

const things = [{ name: 'shop', token: 't', collections: { things: FIELDS } }];

const full = {
  name: 'Anna',
  size: 7.5,
  open: false,
  day: '2026-01-31',
  tags: ['b', 'a'],
  words: ['x', 'y z'],
  address: { city: 'Pécs' },
  stage: 'old',
};

describe('the page of the emulator', () => {
  const start = localEmulators();

  it('shows text as text, wherever it comes from', async () => {
    const nasty = `<script>alert("1")</script>'`;
    const { url, grumpy } = await start([
      {
        name: nasty,
        token: 't',
        collections: { [nasty]: [{ path: nasty, type: 'enum', options: [nasty] }] },
      },
    ]);
    grumpy.account(nasty).create(nasty, { [nasty]: nasty });
    const response = await fetch(`${url}?wanted=${encodeURIComponent(nasty)}`);
    const page = await response.text();
    assert.equal(page.match(/<script/g)?.length, 1, 'its own');
    assert.equal(page.includes('alert("'), false);
    assert.match(page, /&#60;script&#62;/);
    assert.match(response.headers.get('content-security-policy')!, /default-src 'none'/);
  });

  it('takes strangers back to the start', async () => {
    const { url } = await start();
    for (const query of ['?account=x', '?account=sales&collection=x']) {
      const response = await fetch(`${url}${query}`, { redirect: 'manual' });
      assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
    }
    assert.equal((await fetch(`${url}?account=sales&account=support`)).status, 200);
    const empty = await start([{ name: 'a', token: 't', collections: {} }]);
    assert.equal((await fetch(`${empty.url}?account=a`)).status, 404);
  });

  it('shows the newest first, in pages, and finds', async () => {
    const { url, grumpy } = await start(things);
    for (let index = 1; index <= 60; index += 1) {
      grumpy.account('shop').create('things', { name: `thing ${index}` });
    }
    const names = async (query: string): Promise<string[]> => {
      const page = await (await fetch(`${url}${query}`)).text();
      return [...page.matchAll(/<b>(.*?)<\/b>/g)].map(([, name]) => name!);
    };
    assert.equal((await names('')).length, 25);
    assert.equal((await names(''))[0], 'thing 60');
    assert.deepEqual((await names('?page=3')).at(-1), 'thing 1');
    assert.equal((await names('?page=99')).length, 10);
    assert.deepEqual(await names('?wanted=THING+33'), ['thing 33']);
  });

  it('says why something was refused', async () => {
    const { url, grumpy } = await start(things);
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ act: 'create', 'field.address': 'not JSON', 'was.address': '' }),
    });
    assert.equal(response.status, 422);
    assert.match(await response.text(), /role="alert">address takes a JSON object/);
    assert.deepEqual(grumpy.account('shop').items('things'), []);
  });
});

describe('the page of the emulator in a browser', () => {
  const browser = browserForTests();
  const start = localEmulators();

  it('is whole in light and dark, on a wide and a narrow screen, and loads nothing from elsewhere', async () => {
    const local = await start();
    local.seed(60);
    const { page, picture, problems, origins } = await browser.open();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(local.url);
        await page.locator('#items summary').first().click();
        await picture(`emulator-${colorScheme}-${width}`);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.equal(overflow, 0);
      }
    }
    assert.deepEqual(problems, []);
    assert.deepEqual([...origins], [new URL(local.url).origin]);
  });

  it('lets a person create, edit and delete', async () => {
    const { url, grumpy } = await start(things);
    const hands = grumpy.account('shop');
    const { page, problems } = await browser.open();
    await page.goto(url);
    await page.getByText('New in things').click();
    const made = page.locator('details.new');
    await made.getByLabel('name').fill(full.name);
    await made.getByLabel('size').fill(String(full.size));
    await made.getByLabel('open').selectOption('false');
    await made.getByLabel('day').fill(full.day);
    await made.getByLabel('tags').selectOption(full.tags);
    await made.getByLabel('words').fill(full.words.join('\n'));
    await made.getByLabel('address').fill(JSON.stringify(full.address));
    await made.getByLabel('stage').selectOption(full.stage);
    await made.getByRole('button', { name: 'Create' }).click();
    await page.getByText('1 there').waitFor();
    assert.deepEqual(hands.item('things', '1')?.fields, { ...full, tags: ['a', 'b'] });

    const item = page.locator('#items details');
    await item.locator('summary').click();
    await item.getByLabel('name').fill('Bea');
    hands.edit('things', '1', { size: 8 });
    await item.getByRole('button', { name: 'Save' }).click();
    await page.getByText('version 3').waitFor();
    const { fields } = hands.item('things', '1')!;
    assert.deepEqual(fields, { ...full, tags: ['a', 'b'], name: 'Bea', size: 8 });

    await item.locator('summary').click();
    await item.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('0 there').waitFor();
    assert.equal(hands.item('things', '1')?.archived, true);
    assert.deepEqual(problems, []);
  });

  it('shows what others do, but not while somebody is at work', async () => {
    const { url, grumpy } = await start(things);
    const hands = grumpy.account('shop');
    hands.create('things', { name: 'Anna' });
    const { page, problems } = await browser.open();
    await page.clock.install();
    await page.goto(url);
    await page.locator('#items summary').click();
    hands.edit('things', '1', { name: 'Bea' });
    await page.clock.runFor(10_000);
    assert.equal(await page.getByText('Bea').count(), 0);
    await page.locator('#items summary').click();
    await page.clock.runFor(10_000);
    await page.getByText('Bea').waitFor();
    assert.deepEqual(problems, []);
  });
});
