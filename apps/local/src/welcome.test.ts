import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { reachableUrl, welcome } from './welcome.ts';

describe('welcome', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "it's a $folder "));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** What a shell hands to a command that stands in for the pasted line's last word or its curl. */
  async function paste(line: string, standIn: string): Promise<string> {
    const { stdout } = await promisify(execFile)('sh', ['-c', `${standIn}\n${line}`]);
    return stdout;
  }

  function linesOf(url: string): readonly string[] {
    const store = { name: 'a store', durability: () => 'durable' };
    const routes = { haiku: 'openai:small', 'other names': 'openai, name unchanged' };
    const admin = { url: 'http://127.0.0.1:4001', tokenFile: join(folder, 'admin-token') };
    return welcome({ isDemo: false, url, admin, store, firstKeyFile: join(folder, 'first-key'), routes }).split('\n');
  }

  test.each(['http://127.0.0.1:4000', 'http://[::]:4000'])(
    'prints a claude line for %s that a shell understands',
    async (url) => {
      await writeFile(join(folder, 'first-key'), 'the-key\n');
      const line = linesOf(url).find((text) => text.endsWith(' claude')) ?? '';
      const printed = await paste(line, 'claude() { printf "%s %s" "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN"; }');
      expect(printed).toBe(`${reachableUrl(url)} the-key`);
    },
  );

  test('prints a curl line that a shell understands', async () => {
    await writeFile(join(folder, 'first-key'), 'the-key\n');
    const line = linesOf('http://[::]:4000').find((text) => text.startsWith('curl ')) ?? '';
    const words = (await paste(line, String.raw`curl() { printf '%s\n' "$@"; }`)).split('\n');
    expect(words).toContain('http://[::1]:4000/v1/messages');
    expect(words).toContain('x-api-key: the-key');
    const body: unknown = JSON.parse(words[words.indexOf('-d') + 1] ?? '');
    expect(body).toMatchObject({ max_tokens: 100, messages: [{ role: 'user', content: 'Say hello' }] });
  });

  test.each([
    { id: '0123456789ab', named: '0123456789ab' },
    { id: undefined, named: 'CONTAINER' },
  ])('prints for a container with the id $id lines that work on its machine', async ({ id, named }) => {
    const store = { name: 'a store', durability: () => 'durable' };
    const admin = { url: 'http://0.0.0.0:4001', tokenFile: '/data/admin-token' };
    const facts = { isDemo: false, url: 'http://0.0.0.0:4000', admin, store, routes: {}, container: { id } };
    const lines = welcome({ ...facts, firstKeyFile: '/data/first-key' }).split('\n');
    const docker = 'docker() { [ "$*" = "exec $NAMED cat /data/first-key" ] && echo the-key; }';
    const claude = 'claude() { printf "%s %s" "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN"; }';
    const line = lines.find((text) => text.endsWith(' claude')) ?? '';
    expect(await paste(line, `NAMED=${named}\n${docker}\n${claude}`)).toBe('http://127.0.0.1:4000 the-key');
    expect(lines).toContain(`  Admin API   docker exec ${named} ccg --help`);
    expect(lines).toContain(`docker stop -t 600 ${named} lets running requests finish and stops.`);
  });

  test('says where the names of models go', () => {
    const lines = linesOf('http://127.0.0.1:4000').filter((line) => line.includes('→'));
    expect(lines).toEqual(['  Models      haiku → openai:small', '              other names → openai, name unchanged']);
  });

  test('never prints the key itself', async () => {
    await writeFile(join(folder, 'first-key'), 'the-key\n');
    expect(linesOf('http://127.0.0.1:4000').join('\n')).not.toContain('the-key');
  });
});

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
