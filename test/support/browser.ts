/**
 * A real browser for tests: playwright-core with the Chromium of the machine. Where there is none,
 * the tests are skipped, loudly; with TRIBUTARY_REQUIRE_BROWSER=1 that is a failure instead.
 *
 * Every page is watched: what went wrong in it, and where it sent requests. Pictures are kept in the
 * folder TRIBUTARY_SCREENSHOTS, or in one below the system's folder for temporary files.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

export interface WatchedPage {
  readonly page: Page;
  /** Errors in the console, exceptions, failed requests and refused ones, in readable form. */
  readonly problems: readonly string[];
  /** The origins that any request went to. */
  readonly origins: ReadonlySet<string>;
  /** Takes a picture and answers where it is. */
  readonly picture: (name: string) => Promise<string>;
}

export interface BrowserForTests {
  open(): Promise<WatchedPage>;
}

/** For the body of a `describe`. Every page is gone after its test. */
export function browserForTests(): BrowserForTests {
  let browser: Browser | undefined;

  before('finds a browser', async function () {
    const executablePath = places.find((place) => existsSync(place));
    if (executablePath === undefined) {
      const message = `No Chromium was found (${places.join(', ')}).`;
      if (process.env['TRIBUTARY_REQUIRE_BROWSER'] === '1') throw new Error(message);
      console.warn(`\n  !! ${message} BROWSER TESTS ARE SKIPPED. Install Chromium to run them.\n`);
      this.skip();
    }
    browser = await chromium.launch({ executablePath, args: quietly });
  });
  afterEach(async () => {
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
  });
  after(() => browser?.close());

  return {
    async open() {
      if (browser === undefined) throw new Error('Open pages in tests, not before.');
      return watch(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
    },
  };
}

const places = [
  ...(process.env['TRIBUTARY_CHROMIUM'] === undefined ? [] : [process.env['TRIBUTARY_CHROMIUM']]),
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** As root in a container, without a graphics card, and without calls of its own to anywhere. */
const quietly = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function watch(page: Page): WatchedPage {
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    // A refused request is told below, with its status.
    const refused = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !refused) problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => noteOrigin(request.url()));
  page.on('websocket', (socket) => noteOrigin(socket.url().replace(/^ws/, 'http')));
  page.on('requestfailed', (request) => {
    problems.push(`failed: ${request.url()} (${request.failure()?.errorText})`);
  });
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() >= 400) problems.push(`${response.status()} ${pathname}`);
  });

  function noteOrigin(url: string): void {
    // What a page makes itself goes nowhere.
    if (!/^(data|blob|about):/.test(url)) origins.add(new URL(url).origin);
  }

  return {
    page,
    problems,
    origins,
    async picture(name) {
      const file = path.join(pictures, `${name}.png`);
      await page.screenshot({ path: file, fullPage: true });
      return file;
    },
  };
}

const pictures =
  process.env['TRIBUTARY_SCREENSHOTS'] ?? path.join(tmpdir(), 'tributary-screenshots');
