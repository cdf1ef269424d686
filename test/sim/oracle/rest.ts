/** What is left when nothing happens any more, for the oracle to judge. */
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { Rows } from '../../../runtime/store/memory/rows.ts';
import type { AuditReport } from '../../../runtime/store/store.ts';
import type { Ledger } from '../ledger.ts';
import type { People } from '../people.ts';
import type { Scenario } from '../scenario.ts';
import type { Inside, System } from '../system.ts';
import type { Struck } from '../trouble.ts';
import type { Witness } from '../witness.ts';

export interface Rest {
  readonly scenario: Scenario;
  readonly systems: readonly System[];
  handsOf(system: System): Inside;
  rowsOf(tenant: number): Rows;
  readonly ledger: Ledger;
  readonly people: Pick<People, 'areRelated' | 'couldBeTwo' | 'decided' | 'deleted' | 'handedOn'>;
  readonly drifted: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly forgotten: readonly { readonly from: number; readonly to: number }[];
  readonly witness: Pick<Witness, 'stored' | 'read' | 'asked' | 'links'>;
  /** What was written after everything had come to rest. */
  readonly quietWrites: readonly Change[];
  readonly audits: readonly AuditReport[];
  /** What was thrown at those who called the engine. */
  readonly errors: readonly string[];
  readonly struck: readonly Struck[];
  /** How often an account had to say that we ask too often, for whatever reason. */
  readonly slowedDown: ReadonlyMap<string, number>;
}

export interface Judgement {
  readonly violations: readonly string[];
  readonly exposed: number;
}
