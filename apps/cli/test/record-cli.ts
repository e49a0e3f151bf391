import type { Cli } from '../src/cli.ts';

interface Surroundings extends Partial<Omit<Cli, 'terminal'>> {
  readonly terminal?: Partial<Cli['terminal']>;
}

/** All that commands touch, of which nothing is real: what they write is kept, nobody answers, and nothing waits. */
export function recordCli({ terminal, ...around }: Surroundings = {}) {
  let [stdout, stderr] = ['', ''];
  const cli: Cli = {
    env: {},
    terminal: {
      out: (text) => {
        stdout += text;
      },
      outLines: () => Promise.reject(new Error('nothing is exported')),
      err: (text) => {
        stderr += text;
      },
      readStdin: () => undefined,
      ask: () => undefined,
      columns: () => undefined,
      ...terminal,
    },
    fetch: () => Promise.reject(new Error('there is no network')),
    nowMs: () => 0,
    wait: () => Promise.resolve(),
    homeFolder: '/nowhere',
    workingDirectory: '/nowhere',
    setExitCode: () => {},
    ...around,
  };
  return { cli, written: () => ({ stdout, stderr }) };
}
