import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installPythonPackages, startProcess } from '@ccg/testkit';

const folder = fileURLToPath(new URL('../python/', import.meta.url));

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

/** Installs the SDKs, without the Claude Code that one of them would bring along. */
export async function installPythonSdks(): Promise<PythonSdks> {
  const packages = await installPythonPackages({
    name: 'python-sdks',
    requirements: join(folder, 'requirements.txt'),
    // The source of this package has no binary in it.
    pipArgs: ['--no-binary', 'claude-agent-sdk'],
  });
  if (packages.kind === 'missing') return packages;
  return { kind: 'installed', run: (order) => runOrder(packages.python, order) };
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
