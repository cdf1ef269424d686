/**
 * Secrets that a configuration leaves out and its vendors know where to look for: in Google's Secret
 * Manager, when `TRIBUTARY_SECRET_MANAGER` names the project, and in the environment. What is written in
 * the file is taken as it is, and nobody is asked for it.
 */
import type { Connector } from '../../connectors/connector.ts';
import {
  googleSecretManager,
  machineToken,
  resolveSecret,
  type SecretManager,
} from '../../connectors/secrets.ts';
import { systemWorld } from '../../world/system.ts';

/** `value` is what the file holds, not checked yet; where it has no accounts, there is nothing to do. */
export async function fillInSecrets(
  value: unknown,
  {
    connectors,
    environment,
    secretManager = secretManagerOf(environment),
  }: {
    readonly connectors: readonly Pick<Connector, 'vendor' | 'secretPlaces'>[];
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly secretManager?: SecretManager | undefined;
  },
): Promise<void> {
  for (const account of Object.values(membersOf(membersOf(value)['accounts']))) {
    const own = membersOf(account);
    const places = connectors.find(({ vendor }) => vendor === own['vendor'])?.secretPlaces ?? {};
    for (const [member, place] of Object.entries(places)) {
      own[member] ??= await resolveSecret({ ...place, env: environment, secretManager });
    }
  }
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function secretManagerOf(
  environment: Readonly<Record<string, string | undefined>>,
): SecretManager | undefined {
  const project = environment['TRIBUTARY_SECRET_MANAGER'];
  if (!project) return undefined;
  const log = process.stderr;
  // No account may be called at the address of the machine, so it is asked by another world.
  const machine = systemWorld({ log, allowedHosts: ['metadata.google.internal'] });
  return googleSecretManager({
    world: systemWorld({ log }),
    project,
    token: machineToken(machine),
  });
}
