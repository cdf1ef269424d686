import assert from 'node:assert/strict';
import { loginWith, type Login } from '../../runtime/server/login.ts';
import { hashPassword, type PasswordHash } from '../../runtime/server/password.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';

describe('the login', () => {
  const password = 'correct-horse';
  let admin: PasswordHash;
  before(async () => {
    admin = await hashPassword(password, new Uint8Array(16));
  });

  it('lets in who has the name and the password, and nobody else', async () => {
    const { login } = fresh();
    const user = { username: 'admin', permissions: '*' };
    assert.deepEqual(await login.authenticate('admin', password), user);
    assert.equal(await login.authenticate('admin', 'wrong'), null);
    assert.equal(await login.authenticate('Admin', password), null);
    assert.deepEqual(await login.users('admin'), user);
    assert.equal(await login.users('root'), null);
  });

  it('always answers, also to what is no password', async () => {
    const { login } = fresh();
    const oddities = [undefined, null, 7, { length: 3 }] as unknown as readonly string[];
    for (const odd of oddities) {
      assert.equal(await login.authenticate('admin', odd), null);
      assert.equal(await login.authenticate(odd, password), null);
    }
  });

  it('answers a wrong password late and without a word about it in the log', async () => {
    const { login, delays, log } = fresh();
    await login.authenticate('admin', 'wr0ng');
    assert.deepEqual(delays, [1000]);
    assert.equal(log.length, 1);
    assert.doesNotMatch(log.join(), /wr0ng/);
  });

  it('works on a few attempts at a time and refuses the others at once', async () => {
    const { login, delays } = fresh();
    const attempts = Array.from({ length: 9 }, () => login.authenticate('admin', 'wrong'));
    await Promise.all(attempts);
    assert.equal(delays.length, 4);
    assert.notEqual(await login.authenticate('admin', password), null);
  });

  /** With a clock that is always there already. */
  function fresh(): { login: Login; delays: number[]; log: string[] } {
    const [delays, log]: [number[], string[]] = [[], []];
    const schedule = scheduleOn((delayMs, task) => {
      delays.push(delayMs);
      queueMicrotask(task);
      return () => {};
    });
    const world = systemWorld({ log: { write: (line) => log.push(line) } });
    return { login: loginWith(admin, { ...world, schedule }), delays, log };
  }
});
