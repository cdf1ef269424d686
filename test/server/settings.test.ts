import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TributaryError } from '../../runtime/core/errors.ts';
import { isLoopback, projectDirectory, readCommand } from '../../runtime/server/settings.ts';
import type { Settings } from '../../runtime/server/settings.ts';

describe('the settings', () => {
  it('have defaults for a machine that has nothing', () => {
    assert.deepEqual(read([]), {
      port: 1880,
      host: '127.0.0.1',
      databaseUrl: undefined,
      data: path.join(projectDirectory, '.tributary'),
      login: true,
      verbose: false,
      secret: undefined,
      allowedHosts: [],
    });
  });

  it('come from the environment, and flags win', () => {
    const environment = {
      PORT: '1',
      HOST: 'a.example',
      DATABASE_URL: 'postgres://a@b/c',
      TRIBUTARY_DATA: '/a',
      TRIBUTARY_LOGIN: 'on',
      TRIBUTARY_SECRET: 'sixteen or more characters',
      TRIBUTARY_ALLOWED_HOSTS: '10.0.0.5, crm.lan:8080',
    };
    assert.deepEqual(read([], environment), {
      port: 1,
      host: 'a.example',
      databaseUrl: 'postgres://a@b/c',
      data: path.resolve('/a'),
      login: true,
      verbose: false,
      secret: 'sixteen or more characters',
      allowedHosts: ['10.0.0.5', 'crm.lan:8080'],
    });
    const flags =
      '--port 2 --host ::1 --database-url postgresql://d/e --data /f --no-login --verbose';
    assert.deepEqual(read(flags.split(' '), environment), {
      port: 2,
      host: '::1',
      databaseUrl: 'postgresql://d/e',
      data: path.resolve('/f'),
      login: false,
      verbose: true,
      secret: 'sixteen or more characters',
      allowedHosts: ['10.0.0.5', 'crm.lan:8080'],
    });
  });

  it('take an empty variable for one that is not set', () => {
    const environment = { PORT: '', HOST: '', DATABASE_URL: '', TRIBUTARY_DATA: '' };
    assert.deepEqual(read([], environment), read([]));
  });

  it('refuse what cannot be meant, naming flag and variable', () => {
    const rows: readonly [argv: string, environment: NodeJS.ProcessEnv, message: RegExp][] = [
      ['--port 65536', {}, /--port or PORT\).*"65536"/],
      ['--port 80.5', {}, /--port or PORT\).*"80\.5"/],
      ['', { PORT: 'http' }, /--port or PORT\).*"http"/],
      ['--host http://localhost', {}, /--host or HOST\).*"http:\/\/localhost"/],
      ['--host *', {}, /--host or HOST\)/],
      ['--data=', {}, /--data or TRIBUTARY_DATA/],
      ['', { TRIBUTARY_LOGIN: 'none' }, /TRIBUTARY_LOGIN is "on" or "off", not "none"/],
      ['--prot 1', {}, /'--prot'/],
      ['--port', {}, /'--port/],
      ['--no-login=yes', {}, /'--no-login'/],
      ['--no-login --host 0.0.0.0', {}, /Without a login/],
      ['--no-login --host example.com', {}, /Without a login/],
      ['--no-login', { HOST: '::' }, /Without a login/],
    ];
    for (const [argv, environment, message] of rows) {
      const refused = () => read(argv === '' ? [] : argv.split(' '), environment);
      assert.throws(refused, (error: unknown) => {
        assert.ok(error instanceof TributaryError, argv);
        assert.match(error.message, message);
        assert.match(error.message, /npm start -- --help/);
        assert.ok(!error.message.includes('\n'));
        return true;
      });
    }
  });

  it('never repeat what may hold a password', () => {
    const rows = [
      ['--database-url', 'mysql://ann:s3cret@host/crm'],
      ['--database-url', 's3cret'],
      ['postgres://ann:s3cret@host/crm'],
      ['--database=postgres://ann:s3cret@host/crm'],
    ];
    for (const argv of rows) {
      assert.throws(
        () => read(argv),
        (error: Error) => !error.message.includes('s3cret'),
      );
    }
  });

  it('allow no login on the addresses of this machine only', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost', 'LOCALHOST', '[::1]']) {
      assert.ok(isLoopback(host), host);
    }
    for (const host of ['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.example.com', '10.0.0.1', '']) {
      assert.ok(!isLoopback(host), host);
    }
  });

  it('explain every flag', () => {
    const help = readCommand({ argv: ['--help'], environment: {} });
    assert.ok(help.action === 'print');
    const names =
      '--port --host --database-url --data --no-login --reset-password --verbose --help --version ' +
      'PORT HOST DATABASE_URL TRIBUTARY_DATA TRIBUTARY_LOGIN';
    for (const name of names.split(' ')) assert.ok(help.text.includes(name), name);
    const tooWide = help.text.split('\n').filter((line) => line.length > 100);
    assert.deepEqual(tooWide, []);
  });
});

describe('settings.js', () => {
  it("can be read by Node-RED's own command, which uses require", () => {
    const settings = createRequire(import.meta.url)('../../settings.js') as Record<string, unknown>;
    assert.deepEqual(settings['telemetry'], { enabled: false, updateNotification: false });
    assert.equal(settings['functionExternalModules'], false);
    assert.equal(settings['uiHost'], '127.0.0.1');
  });
});

function read(argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Settings {
  const command = readCommand({ argv, environment });
  assert.ok(command.action === 'start');
  return command.settings;
}
