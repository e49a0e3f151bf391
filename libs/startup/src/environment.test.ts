import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { explainDeniedFile, readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { StartError } from './start-error.ts';

let root: string;
let workingDirectory: string;
let repository: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-environment-'));
  workingDirectory = join(root, 'work');
  repository = join(root, 'repository');
  await mkdir(workingDirectory);
  await mkdir(repository);
});

afterEach(() => rm(root, { recursive: true }));

function read(env: Environment) {
  return readEnvironment({ env, workingDirectory, repository, knownNames: ['PORT'] });
}

describe('readEnvironment', () => {
  test('puts the file below the environment, says which it read, and names its file in each warning', async () => {
    const file = join(workingDirectory, '.env');
    await writeFile(file, 'A="quoted"\nPORT=1\nPROT=2\n');
    expect(read({ PORT: '3' })).toMatchObject({ variables: { A: 'quoted', PORT: '3' } });
    expect(read({ PORT: '3' }).notices[0]).toBe(`Configuration: ${file}`);
    await writeFile(file, 'PROT=2\n');
    expect(read({}).notices[1]).toMatch(`Warning: ${file}, line 1: PROT is not a variable`);
  });

  test('takes .env of the working directory, else of the repository, else none', async () => {
    expect(read({ PORT: '3' })).toEqual({ variables: { PORT: '3' }, notices: [] });
    await writeFile(join(repository, '.env'), 'PORT=1\n');
    expect(read({}).variables).toEqual({ PORT: '1' });
    await writeFile(join(workingDirectory, '.env'), 'PORT=2\n');
    expect(read({}).variables).toEqual({ PORT: '2' });
  });

  test('reads the file that ENV_FILE names instead, and none when it is empty', async () => {
    await writeFile(join(workingDirectory, '.env'), 'PORT=1\n');
    await writeFile(join(workingDirectory, 'other.env'), 'PORT=2\n');
    expect(read({ ENV_FILE: 'other.env' }).variables).toMatchObject({ PORT: '2' });
    expect(read({ ENV_FILE: '' }).variables).toEqual({ ENV_FILE: '' });
  });

  test('says in one sentence why a file cannot be read', async () => {
    await mkdir(join(repository, '.env'));
    await symlink('loop', join(root, 'loop'));
    expect(() => read({})).toThrow(
      new StartError(`${join(repository, '.env')} is a folder. It must be a file of NAME=value lines.`),
    );
    for (const text of ['PORT=1\n', '\uFEFFPORT=1\n', 'A=\u00E9\n']) {
      await writeFile(join(root, 'utf16.env'), text, 'utf16le');
      expect(() => read({ ENV_FILE: join(root, 'utf16.env') })).toThrow(
        new StartError(`${join(root, 'utf16.env')} is not UTF-8: save it as UTF-8.`),
      );
    }
    expect(() => read({ ENV_FILE: 'absent.env' })).toThrow(
      new StartError(`ENV_FILE: ${join(workingDirectory, 'absent.env')} does not exist.`),
    );
    expect(() => read({ ENV_FILE: join(root, 'loop') })).toThrow(
      /^\S+loop cannot be read \(.*ELOOP.*\)\. Set ENV_FILE/u,
    );
  });

  test.each([
    ['"sk-x"', 'sk-x'],
    ['\'a "b"\'', 'a "b"'],
    ['`a`', 'a'],
    ['"a" # why', 'a'],
    ['""', ''],
    ['"a" and "b"', '"a" and "b"'],
    ['a"b"', 'a"b"'],
    ['"a', '"a'],
    ['"a\'', '"a\''],
    ['"', '"'],
  ])('takes %s of the environment, as docker --env-file hands it over, for %s', (given, meant) => {
    expect(read({ OPENAI_API_KEY: given }).variables).toEqual({ OPENAI_API_KEY: meant });
  });

  test.each([
    {
      uid: 1000,
      remedy:
        /^Run it as the user of the file \(docker compose: RUN_AS=1000:100 in \.env; docker run: --user 1000:100\), /u,
    },
    { uid: 0, remedy: /^Give it to that user \(chown 10001\), /u },
  ])('says of a file of user $uid who may read it, and what to do', ({ uid, remedy }) => {
    const text = explainDeniedFile('/app/.env', { uid, gid: 100, mode: 0o100600 }, 10_001);
    const [fault = ''] = text.split(/(?<=10001\.) /u);
    expect(fault).toBe(
      `/app/.env cannot be read (EACCES): it belongs to user ${uid}:100 with mode 0600, and this process runs as user 10001.`,
    );
    expect(text.slice(fault.length + 1)).toMatch(remedy);
  });
});
