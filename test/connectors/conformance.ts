/** What every connector promises, as one suite: logging in, reading, writing, failing, and webhooks. */
import { promisesAboutFields } from './conformance/defining.ts';
import { promisesAboutFailures } from './conformance/failing.ts';
import { promisesAboutValues } from './conformance/keeping.ts';
import { promisesAboutLogin } from './conformance/knowing.ts';
import { promisesAboutRenewals } from './conformance/login.ts';
import { promisesAboutPointers } from './conformance/pointing.ts';
import { promisesAboutReading } from './conformance/reading.ts';
import { promisesAboutRepeating } from './conformance/repeating.ts';
import { promisesAboutWebhooks } from './conformance/webhooks.ts';
import { promisesAboutWriting } from './conformance/writing.ts';
import type { Setting } from './scene.ts';

/** In every way the vendor can be; more settings prove more. */
export function keepsItsPromises(settings: readonly Setting[]): void {
  const usual = settings.filter(({ isLogin }) => !isLogin);
  promisesAboutRenewals(settings);
  promisesAboutLogin(usual);
  promisesAboutReading(usual);
  promisesAboutWriting(usual);
  promisesAboutPointers(usual);
  promisesAboutFields(usual);
  promisesAboutValues(usual);
  promisesAboutRepeating(usual);
  promisesAboutFailures(usual);
  promisesAboutWebhooks(usual);
}
