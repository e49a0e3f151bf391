import { leakWatch } from '@ccg/testkit';
import { afterAll, expect } from 'vitest';

// Every file that starts processes of ours ends with a search of what all of them have written: gateways, admin APIs,
// workers and `npm start`.

afterAll(() => {
  expect(leakWatch.leaks(), 'secrets, prompts or tool results in the output of a process').toEqual([]);
});
