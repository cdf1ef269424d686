/**
 * How a vendor knows who is calling: headers that are sent with each call. A token that does not change,
 * and a name with a password; the token that a vendor renews is in oauth.ts.
 *
 * Promise: everything that could open a door is among `secrets`, so that no error ever holds it.
 */

export interface Auth {
  /** For one call. Fails with a `VendorError` when somebody has to log in again. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** What was sent and will be: cut out of everything that an error says. */
  readonly secrets: readonly string[];
  /**
   * The vendor refused these headers (401). Answers whether there are others now, so that the call is
   * worth one more try.
   */
  renew?(refused: Readonly<Record<string, string>>): Promise<boolean>;
}

/** `Authorization: Bearer ...`, and what else carries a token: `{ header: 'x-api-token', scheme: '' }`. */
export function tokenAuth(
  token: string,
  { header = 'authorization', scheme = 'Bearer' }: { header?: string; scheme?: string } = {},
): Auth {
  const headers = { [header]: scheme === '' ? token : `${scheme} ${token}` };
  return { headers: async () => headers, secrets: [token] };
}

export function basicAuth(user: string, password: string): Auth {
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  return { headers: async () => ({ authorization: `Basic ${token}` }), secrets: [password, token] };
}
