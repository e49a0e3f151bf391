import { expect, test } from 'vitest';

import { explainListenError, StartError } from './start-error.ts';

const addresses = [
  { process: 'The gateway', host: '10.0.0.1', port: 80, hostVariable: 'HOST', portVariable: 'PORT' },
  { process: 'The gateway', host: 'ops.internal', port: 4002, hostVariable: 'OPS_HOST', portVariable: 'OPS_PORT' },
] as const;

test.each([
  [{ code: 'EADDRINUSE', port: 80 }, /port 80 of 10\.0\.0\.1: another process uses it.*set PORT/],
  [{ code: 'EADDRINUSE', port: 4002 }, /port 4002 of ops\.internal: another process uses it.*set OPS_PORT/],
  [{ code: 'EACCES', port: 80 }, /may not listen on port 80 .*Set PORT to a port above 1023/],
  [{ code: 'EADDRNOTAVAIL', port: 80 }, /on 10\.0\.0\.1: it is not an address of this machine .*Set HOST/],
  [{ code: 'ENOTFOUND', hostname: 'ops.internal' }, /on ops\.internal: no address is known .*Set OPS_HOST/],
])('an address that cannot be listened on becomes a sentence that names the variable to set: %j', (error, message) => {
  const thrown = Object.assign(new Error('from the system'), error);
  expect(() => explainListenError(thrown, addresses)).toThrow(message);
  expect(() => explainListenError(thrown, addresses)).toThrow(StartError);
});

test('any other error stays as it is', () => {
  const thrown = new Error('a fault');
  expect(() => explainListenError(thrown, addresses)).toThrow(thrown);
});
