import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface ToolCall {
  /** Name of the executable in node_modules/.bin. */
  readonly tool: string;
  readonly args: readonly string[];
}

export interface ToolRun {
  readonly exitCode: number;
  /** Standard output, then standard error; empty when they were shown instead. */
  readonly output: string;
}

/** Runs one of the repository's own tools in `root`, on the Node that runs this, whatever Node is first on PATH. */
export async function runTool(
  root: string,
  call: ToolCall,
  options: { readonly show?: boolean; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<ToolRun> {
  const bin = path.join(root, 'node_modules/.bin');
  const child = spawn(process.execPath, [path.join(bin, call.tool), ...call.args], {
    cwd: root,
    env: {
      ...process.env,
      ...(options.show === true ? {} : { NO_COLOR: '1' }),
      ...options.environment,
      PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
    },
    stdio: options.show === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('close', (code) => resolve(code ?? 1));
    });
    const streams = [child.stdout, child.stderr].map(async (stream) => (stream === null ? '' : await text(stream)));
    const [exitCode, stdout, stderr] = await Promise.all([exited, ...streams]);
    return { exitCode, output: [stdout, stderr].join('') };
  } finally {
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}
