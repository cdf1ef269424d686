/**
 * How mocha runs. With `npm test`, two processes share the files, with one database server for both;
 * `npx mocha` runs those that are named in the process that was started.
 */
const shared = {
  parallel: true,
  jobs: 2,
  require: ['./test/support/test-server.ts'],
};

module.exports = {
  extension: ['test.ts'],
  recursive: true,
  // For a machine that is busy with other things; a test that ran out would disturb those after it.
  timeout: 300_000,
  slow: 2000,
  'forbid-only': true,
  ...(process.env.npm_lifecycle_event === 'test' && shared),
};
