import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startProcess } from '@ccg/testkit';

const folder = fileURLToPath(new URL('../python/', import.meta.url));
const cacheFolder = fileURLToPath(new URL('../../../.cache/', import.meta.url));

interface PythonOrder {
  readonly sdk: 'claude-agent-sdk' | 'claude-code-sdk';
  readonly prompt: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The home of Claude Code. */
  readonly home: string;
  /** The Claude Code that an SDK finds by itself. */
  readonly binary: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The SDKs of PyPI in a Python of their own; `missing` says why this machine cannot have one. */
export type PythonSdks =
  | { readonly kind: 'installed'; readonly run: (order: PythonOrder) => Promise<readonly unknown[]> }
  | { readonly kind: 'missing'; readonly reason: string };

/** Installs the SDKs once for each list of versions, without the Claude Code that one of them would bring along. */
export async function installPythonSdks(): Promise<PythonSdks> {
  if ((await run('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'])).code !== 0) {
    return { kind: 'missing', reason: 'This machine has no python3 of 3.10 or newer with venv.' };
  }
  const requirements = await readFile(join(folder, 'requirements.txt'));
  const place = join(
    cacheFolder,
    `python-sdks-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`,
  );
  if (!existsSync(place)) await install(place);
  return { kind: 'installed', run: (order) => runOrder(join(place, 'bin/python'), order) };
}

async function install(place: string): Promise<void> {
  const unfinished = `${place}.installing-${process.pid}`;
  await mkdir(cacheFolder, { recursive: true });
  // The source of this package has no binary in it.
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
  const steps = [
    ['python3', ['-m', 'venv', unfinished]],
    [
      join(unfinished, 'bin/python'),
      [...pip, '--no-binary', 'claude-agent-sdk', '-r', join(folder, 'requirements.txt')],
    ],
  ] as const;
  for (const [command, args] of steps) {
    const { code, stderr } = await run(command, args);
    if (code !== 0) throw new Error(`Installing the Python SDKs failed: ${command} ${args.join(' ')}\n${stderr}`);
  }
  try {
    // The programs in it name the folder in which it was made, but nothing here uses them.
    await rename(unfinished, place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test process was faster, which is as good.
    if (!existsSync(place)) throw error;
  }
}

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  try {
    const child = startProcess({ command, args, cwd: folder, env: Object.fromEntries(inherited) });
    const { code } = await child.exited;
    return { code, stderr: child.stderr() };
  } catch (error) {
    return { code: null, stderr: String(error) };
  }
}

const timeoutMs = 60_000;

async function runOrder(python: string, { home, binary, env, ...order }: PythonOrder): Promise<readonly unknown[]> {
  const child = startProcess({
    command: python,
    args: [join(folder, 'run_agent.py'), JSON.stringify(order)],
    cwd: home,
    env: {
      PATH: [dirname(binary), process.env['PATH'] ?? '/usr/bin:/bin'].join(delimiter),
      HOME: home,
      IS_SANDBOX: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      CLAUDE_AGENT_SDK_SKIP_VERSION_CHECK: '1',
      ...env,
    },
  });
  const timer = setTimeout(child.killGroup, timeoutMs);
  const { code } = await child.exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`The SDK ended with ${code}.\n${child.stdout()}${child.stderr()}`);
  const lines = child.stdout().split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line));
}
