/**
 * The login of the editor: one user, `admin`. A wrong password is answered late, and only a few
 * attempts are worked on at a time, so that guessing is slow and cannot eat the memory that hashing
 * takes. Node-RED adds its own limit, five attempts in ten minutes.
 *
 * An attempt always gets an answer: a rejection in here would end the whole process, since Node-RED
 * waits for it without a catch.
 */
import type { World } from '../world/world.ts';
import { isPassword, type PasswordHash } from './password.ts';
import { stackTrace } from './stack-trace.ts';

export interface User {
  readonly username: string;
  readonly permissions: '*';
}

/** The shape of Node-RED's `adminAuth` setting. */
export interface Login {
  readonly type: 'credentials';
  users(name: string): Promise<User | null>;
  authenticate(name: string, password: string): Promise<User | null>;
}

export const adminName = 'admin';

const ATTEMPTS_AT_ONCE_MAX = 4;
const REFUSAL_DELAY_MS = 1000;

export function loginWith(admin: PasswordHash, world: World): Login {
  const user: User = { username: adminName, permissions: '*' };
  let attempts = 0;

  async function authenticate(name: string, password: string): Promise<User | null> {
    if (attempts >= ATTEMPTS_AT_ONCE_MAX) return null;
    attempts += 1;
    try {
      // Hashed also for unknown names, so that the time of the answer tells nothing.
      const matches = await isPassword(password, admin);
      if (matches && name === adminName) return user;
      // Without the name: people type their password there by mistake.
      world.log.write('warn', 'A login to the editor was refused.');
      await world.schedule.sleep(REFUSAL_DELAY_MS);
      return null;
    } catch (error) {
      world.log.write('error', 'A login could not be checked and was refused.', {
        error: stackTrace(error),
      });
      return null;
    } finally {
      attempts -= 1;
    }
  }

  return {
    type: 'credentials',
    users: (name) => Promise.resolve(name === adminName ? user : null),
    authenticate,
  };
}
