import assert from 'node:assert/strict';
import vm from 'node:vm';
import { stackTrace } from '../../runtime/server/stack-trace.ts';

describe('a stack trace for the log', () => {
  it('has message, place and causes, and nothing that a client added', () => {
    const cause = Object.assign(new Error('refused'), { config: { token: 's3cret' } });
    const text = stackTrace(Object.assign(new Error('failed', { cause }), { password: 's3cret' }));
    assert.match(text, /^Error: failed\n {4}at [^]*because of Error: refused\n {4}at /);
    assert.ok(!text.includes('s3cret'));
  });

  it('knows errors of flows, which run in a world of their own', () => {
    assert.match(stackTrace(vm.runInNewContext(`new Error('boom')`)), /^Error: boom\n {4}at /);
  });

  it('copes with whatever else is thrown', () => {
    const circular = new Error('circular');
    circular.cause = circular;
    assert.match(stackTrace(circular), /circular/);
    for (const odd of [undefined, null, 7, 'text']) assert.equal(stackTrace(odd), String(odd));
    assert.equal(stackTrace({}), '[object Object]');
  });
});
