import { describe, expect, test } from 'vitest';

import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';

function settingsOf(env: Readonly<Record<string, string>>): Settings {
  const read = readSettings(env, '/repository');
  if (read.kind === 'faulty') throw new Error(read.problems.join());
  return read.settings;
}

describe('readSettings', () => {
  test('keeps data in .data of the repository and forces no store by default, also with empty variables', () => {
    const defaults = {
      dataDir: '/repository/.data',
      allowKeyless: false,
      exchangeFolder: undefined,
      forcedStore: undefined,
    };
    expect(settingsOf({})).toEqual(defaults);
    expect(settingsOf({ DATA_DIR: '', LOCAL_STORE: '', LOG_EXCHANGE: '' })).toEqual(defaults);
  });

  test('takes a relative DATA_DIR from the repository and an absolute one as it is', () => {
    expect(settingsOf({ DATA_DIR: 'elsewhere' }).dataDir).toBe('/repository/elsewhere');
    expect(settingsOf({ DATA_DIR: '/var/lib/ccg' }).dataDir).toBe('/var/lib/ccg');
  });

  test('refuses an unknown LOCAL_STORE and says which there are', () => {
    expect(readSettings({ LOCAL_STORE: 'sqlite' }, '/repository')).toEqual({
      kind: 'faulty',
      problems: ['LOCAL_STORE: must be redis-url, redis-server or embedded'],
    });
  });

  test('names all that is wrong at once, also that everybody could get in without an API key', () => {
    expect(readSettings({ LOCAL_STORE: 'x', ALLOW_KEYLESS: 'true', HOST: '127.example.com' }, '/')).toEqual({
      kind: 'faulty',
      problems: [
        expect.stringMatching(/^LOCAL_STORE: must be/u),
        expect.stringMatching(/^ALLOW_KEYLESS lets in .* HOST is 127\.example\.com\. Set HOST to 127\.0\.0\.1/u),
      ],
    });
    expect(settingsOf({ ALLOW_KEYLESS: 'true', HOST: '127.0.0.2' }).allowKeyless).toBe(true);
    expect(settingsOf({ ALLOW_KEYLESS: 'false', HOST: '0.0.0.0' }).allowKeyless).toBe(false);
  });
});
