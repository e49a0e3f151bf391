import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { runCli } from './run-cli.ts';

// A reader such as `head` that has enough is no fault.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(
  {
    env: process.env,
    terminal: {
      out: (output) => process.stdout.write(output),
      outLines: (lines) => pipeline(Readable.from(withEnds(lines)), process.stdout, { end: false }),
      err: (output) => process.stderr.write(output),
      readStdin: () => (process.stdin.isTTY ? undefined : text(process.stdin)),
      ask: (question) => (process.stdin.isTTY && process.stderr.isTTY ? ask(question) : undefined),
      columns: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
    },
    fetch,
    nowMs: () => Date.now(),
    wait: async (ms) => {
      await sleep(ms);
    },
    homeFolder: homedir(),
    workingDirectory: process.cwd(),
  },
  process.argv.slice(2),
);

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
