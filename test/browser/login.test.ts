import assert from 'node:assert/strict';
import { serverFloor, type ReadyServer } from '../server/spawned-server.ts';
import { browserForTests } from '../support/browser.ts';
import { logInToEditor } from './login.ts';

describe('in a browser', () => {
  const browser = browserForTests();
  const floor = serverFloor();
  let server: ReadyServer;
  let origin: string;

  before(async () => {
    server = await floor.start();
    ({ origin } = new URL(server.url));
  });

  it('the landing page is whole in light and dark, on a wide and a narrow screen', async () => {
    const { page, picture, problems, origins } = await browser.open();
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(server.url);
        await page.getByRole('heading', { name: 'Everything is running.' }).waitFor();
        await picture(`landing-${colorScheme}-${width}`);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.equal(overflow, 0);
      }
    }
    assert.deepEqual(problems, []);
    assert.deepEqual([...origins], [origin]);
  });

  it('one gets from the landing page through the login to the welcome flow', async () => {
    const { page, picture, problems, origins } = await browser.open();
    await page.goto(server.url);
    await page.getByRole('link', { name: 'Open the editor' }).click();
    await page.getByLabel('Username').waitFor();
    await picture('login');
    await logInToEditor(page, { password: 'wrong' });
    await page.getByText('Login failed').waitFor();
    await picture('login-failed');
    assert.equal(await page.getByText('Every minute').count(), 0);

    await logInToEditor(page, server);
    await page.getByText('Every minute').waitFor();
    await page.getByText('keeps customer data the same').first().waitFor();
    // The flow has run: its last node shows when.
    await page.getByText(/checked at \d\d:\d\d/).waitFor();
    await picture('editor');

    assert.equal(await page.title(), 'Tributary : Welcome');
    assert.equal(await page.getByText('Manage palette').count(), 0);

    // The first is how the editor finds out that it has to ask for a login.
    assert.deepEqual(problems, ['401 /admin/settings', '403 /admin/auth/token']);
    assert.deepEqual([...origins], [origin]);
  });
});
