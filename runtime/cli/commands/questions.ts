/** `tributary conflicts`, `reviews` and `dead-letters`: what waits for a person, and its answers. */
import { EXIT, CONFIG_OPTIONS, type Command, type Given } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite, type Site } from '../installation.ts';
import type { Output } from '../output.ts';
import { openConflicts, openDeadLetters, openReviews } from '../pages.ts';
import { readable } from '../preview.ts';
import { namesIn, tellConflict, tellDeadLetter, tellReview, type Names } from '../questions.ts';

export const conflicts: Command = {
  name: 'conflicts',
  summary: 'values that a person has to choose between',
  about: 'Exit code 2 when there are any.\n',
  options: CONFIG_OPTIONS,
  run: (given) =>
    listed(given, ({ store, tenant }) => openConflicts(store, tenant), sayConflict, tellConflict),
};

export const reviews: Command = {
  name: 'reviews',
  summary: 'questions about whole records: matches, deletions, brakes',
  about: 'Exit code 2 when there are any.\n',
  options: CONFIG_OPTIONS,
  run: (given) =>
    listed(given, ({ store, tenant }) => openReviews(store, tenant), sayReview, tellReview),
};

export const deadLetters: Command = {
  name: 'dead-letters',
  summary: 'work that failed for good',
  about: 'Exit code 2 when there is any.\n',
  options: CONFIG_OPTIONS,
  run: (given) =>
    listed(given, ({ store, tenant }) => openDeadLetters(store, tenant), sayLetter, tellDeadLetter),
};

function listed<One, Told extends object>(
  given: Given,
  list: (site: Site) => AsyncIterable<One>,
  say: (told: Told, output: Output) => void,
  tell: (one: One, names: Names) => Told,
): Promise<number> {
  const { output } = given;
  return atSite(given, async (site) => {
    await demandSetup(site);
    const names = namesIn(site);
    let count = 0;
    for await (const one of list(site)) {
      count += 1;
      const told = tell(one, names);
      output.tell(told);
      say(told, output);
    }
    if (count === 0) output.say('Nothing waits here.');
    return count === 0 ? EXIT.good : EXIT.waiting;
  });
}

function sayConflict(told: ReturnType<typeof tellConflict>, output: Output): void {
  output.say(`${told.id}  ${told.sync}, ${told.field}: ${told.meaning}`);
  for (const { choice, value } of told.choices) {
    output.say(`    tributary resolve ${told.id} ${choice}    ${readable(value)}`);
  }
}

function sayReview(told: ReturnType<typeof tellReview>, output: Output): void {
  output.say(`${told.id}  ${told.sync}, ${told.account} ${told.item}: ${told.meaning}`);
  for (const entity of told.candidates) output.say(`    candidate ${entity}`);
  for (const { choice, meaning } of told.choices) {
    output.say(`    tributary resolve ${told.id} ${choice}    ${meaning}`);
  }
}

function sayLetter(told: ReturnType<typeof tellDeadLetter>, output: Output): void {
  output.say(`${told.id}  ${told.sync}, ${told.about}: ${told.message}`);
  output.say(`    ${told.attempts} tries until ${told.at}; tributary replay ${told.id}`);
}
