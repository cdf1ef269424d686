/**
 * Writes docs/reasons.md from runtime/core/reasons.ts and answers.ts, so that what people look up is what the
 * program says. With `--check` it only compares, and fails when the page is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityAnswers, reviewAnswers } from '../runtime/core/answers.ts';
import * as reasons from '../runtime/core/reasons.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'reasons.md');

export function reasonsPage(): string {
  const sections = [
    section('Why our own copy of a field took a value', reasons.rules),
    section('Why a system is written to', reasons.writeReasons),
    section('Conflicts: edits that did not win, and choices', reasons.conflictKinds),
    section('Holds: why nothing is written although something differs', reasons.holdReasons),
    section('Reviews: what a person is asked about a whole record', reasons.reviewReasons),
    answers(),
    section('Reads: why a record has to be read first', reasons.readReasons),
    section('Identity: whose is a record nobody has seen before', reasons.identityReasons),
    section('Match keys: why one is not enough', reasons.doubts),
    section('Values that were not understood, or cannot be written', reasons.problems),
    section('Values that were understood, with a remark', reasons.notes),
    section('Read-backs: how a vendor respells what it was sent', reasons.explanations),
  ];
  const intro =
    'Every decision carries one of these codes, in the log, in the tables and in the editor.\n' +
    'This page is written by `npm run reasons`; edit `runtime/core/reasons.ts` instead.';
  return `# Reason codes\n\n${intro}\n${sections.join('')}`;
}

function section(title: string, codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  return `\n## ${title}\n\n| code | meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function answers(): string {
  const asked = { ...reviewAnswers, 'whose is this item?': identityAnswers };
  const rows = Object.entries(asked).flatMap(([review, choices]) =>
    Object.entries(choices).map(([choice, then]) => `| \`${choice}\` | ${review} | ${then} |`),
  );
  return `\n### Answers\n\n| answer | to | what comes of it |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    writeFileSync(PAGE, reasonsPage());
  } else if (readFileSync(PAGE, 'utf8') !== reasonsPage()) {
    console.error('docs/reasons.md is out of date. Run `npm run reasons` and commit the page.');
    process.exitCode = 1;
  }
}
