import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

import { repositoryRoot } from '../gates/repository-root.ts';
import { mustRun } from '../chart/support/run-program.ts';

const compose = 'github.com/docker/compose/v2@v2.40.3';

/** Builds Docker Compose once: Debian's own is too old for `develop`. Its module holds replacements, so it is built in a copy of it. */
export async function buildCompose(): Promise<string> {
  const program = join(repositoryRoot, '.cache', 'docker-compose-v2.40.3');
  if (existsSync(program)) return program;
  console.log(`Building ${compose} ...`);
  const folder = await mkdtemp(join(tmpdir(), 'ccg-compose-'));
  try {
    const { stdout } = await mustRun('go', ['mod', 'download', '-json', compose], { cwd: folder });
    const source = join(folder, 'source');
    const { Dir: module } = z.object({ Dir: z.string() }).parse(JSON.parse(stdout));
    // What lies in the cache of modules is read-only.
    await mustRun('cp', ['-r', '--no-preserve=mode', module, source]);
    await mkdir(join(repositoryRoot, '.cache'), { recursive: true });
    const options = { cwd: source, env: { CGO_ENABLED: '0' } };
    await mustRun('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', `${program}.unfinished`, './cmd'], options);
    await rename(`${program}.unfinished`, program);
  } finally {
    await rm(folder, { recursive: true });
  }
  return program;
}
