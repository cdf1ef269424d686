/** What every connector promises, as one suite: reading, writing, failing, and webhooks. */
import { promisesAboutFailures } from './conformance/failing.ts';
import { promisesAboutReading } from './conformance/reading.ts';
import { promisesAboutRepeating } from './conformance/repeating.ts';
import { promisesAboutWebhooks } from './conformance/webhooks.ts';
import { promisesAboutWriting } from './conformance/writing.ts';
import type { Setting } from './scene.ts';

/** In every way the vendor can be; more settings prove more. */
export function keepsItsPromises(settings: readonly Setting[]): void {
  promisesAboutReading(settings);
  promisesAboutWriting(settings);
  promisesAboutRepeating(settings);
  promisesAboutFailures(settings);
  promisesAboutWebhooks(settings);
}
