/**
 * Puts all promises to all connectors, and prints who keeps which.
 *
 *     npm run test:conformance
 *
 * PostgreSQL is a server, the others are emulators. Succeeds when every promise is kept, or is about
 * something that the connector declares it cannot do.
 */
import { matrixOf } from './matrix.ts';
import { playSuite } from './playing.ts';

const { vendors, verdicts } = await playSuite();
const { lines, isWell } = matrixOf(vendors, verdicts);
console.log(lines.join('\n'));
process.exitCode = isWell ? 0 : 1;
