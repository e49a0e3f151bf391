import { expect, test } from 'vitest';

import { createClosers } from './closers.ts';

test('closes what was opened last first, once, and all of it although one fails', async () => {
  const closed: string[] = [];
  const closers = createClosers();
  const close = (name: string) => () => {
    closed.push(name);
    return name === 'second' ? Promise.reject(new Error('stuck')) : Promise.resolve();
  };
  for (const name of ['first', 'second', 'third']) closers.add(close(name));
  const closing = closers.close();
  await expect(closing).rejects.toThrow('not everything could be closed');
  await expect(closers.close()).rejects.toThrow('not everything could be closed');
  expect(closed).toEqual(['third', 'second', 'first']);
});
