/** Whose database this is: the first process leaves a digest of its secret, and all others compare. */
import { fingerprintOf, keyedDigest } from '../../core/hash.ts';
import { otherSecret } from '../failures.ts';
import type { Database } from './database.ts';

/** Refuses a secret that is not the one of the installation that this database belongs to. */
export async function claimSecret(database: Database, auditKey: string): Promise<void> {
  const fingerprint = fingerprintOf(keyedDigest(auditKey, 'the secret of this installation'));
  const [row] = await database.query<{ secret: string }>(CLAIM_SECRET, [fingerprint]);
  if (row?.secret !== fingerprint) throw otherSecret();
}

const CLAIM_SECRET = {
  name: 'claim-secret',
  text: `
    insert into installation as i (secret)
    values ($1::text)
    on conflict (only_row) do update set secret = i.secret
    returning i.secret`,
};
