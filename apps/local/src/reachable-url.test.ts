import { describe, expect, test } from 'vitest';

import { reachableUrl } from './reachable-url.ts';

describe('reachableUrl', () => {
  test.each([
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['http://0.0.0.0:4000', 'http://127.0.0.1:4000'],
    ['http://[::]:4000', 'http://[::1]:4000'],
    ['http://[::1]:4000/', 'http://[::1]:4000'],
    ['http://gateway.internal:80', 'http://gateway.internal'],
  ])('%s is called as %s', (listening, callable) => {
    expect(reachableUrl(listening)).toBe(callable);
  });
});
