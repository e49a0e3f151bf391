import { describe, expect, test } from 'vitest';

import { readSettings } from './settings.ts';

describe('readSettings', () => {
  test('keeps data in .data of the repository and forces no store by default, also with empty variables', () => {
    const defaults = {
      dataDir: '/repository/.data',
      allowKeyless: false,
      exchangeFolder: undefined,
      forcedStore: undefined,
    };
    expect(readSettings({}, '/repository')).toEqual(defaults);
    expect(readSettings({ DATA_DIR: '', LOCAL_STORE: '', LOG_EXCHANGE: '' }, '/repository')).toEqual(defaults);
  });

  test('takes a relative DATA_DIR from the repository and an absolute one as it is', () => {
    expect(readSettings({ DATA_DIR: 'elsewhere' }, '/repository').dataDir).toBe('/repository/elsewhere');
    expect(readSettings({ DATA_DIR: '/var/lib/ccg' }, '/repository').dataDir).toBe('/var/lib/ccg');
  });

  test('refuses an unknown LOCAL_STORE and says which there are', () => {
    expect(() => readSettings({ LOCAL_STORE: 'sqlite' }, '/repository')).toThrow(
      'LOCAL_STORE: must be redis-url, redis-server or embedded',
    );
  });
});
