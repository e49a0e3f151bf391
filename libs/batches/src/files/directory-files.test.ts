import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const source = new URL('directory-files.ts', import.meta.url).href;

/** Fills a file system of 256 KB that this process alone sees, and says what became of it. */
const program = `
import { readdirSync } from 'node:fs';
import { createDirectoryFiles } from '${source}';
const [, folder] = process.argv;
const files = createDirectoryFiles(folder);
const place = { tenant: 'acme', id: 'msgbatch_1' };
await files.write(place, 'input-000000', Buffer.alloc(100_000));
const full = await files.write(place, 'input-000001', Buffer.alloc(1_000_000)).catch((error) => error);
await files.removeAll(place);
await files.write(place, 'input-000000', Buffer.alloc(100_000));
console.log(JSON.stringify([full.name, full.fault, full.detail, readdirSync(folder + '/acme/msgbatch_1')]));
`;

test('a file system without room is told as full, and there is room again when what was written is removed', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-full-'));
  const mounted = 'mount -t tmpfs -o size=256k none "$1" && exec "$0" --input-type=module -e "$2" "$1"';
  const unshare = (...args: readonly string[]) =>
    spawnSync('unshare', ['--mount', '--map-root-user', ...args], { encoding: 'utf8' });
  const isPossible = unshare('mount', '-t', 'tmpfs', 'none', folder).status === 0;
  const { stdout, stderr } = unshare('sh', '-c', mounted, process.execPath, folder, program);
  await rm(folder, { recursive: true });
  if (!isPossible) return context.skip('This machine lets nobody mount a file system of their own.');
  if (stdout === '') throw new Error(stderr);
  expect(JSON.parse(stdout)).toEqual(['BatchFilesError', 'full', 'ENOSPC', ['input-000000']]);
});
