import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

import { claudeEnvironment } from './run-claude.ts';
import type { RunClaudeOptions } from './run-claude.ts';
import { startProcess } from './start-process.ts';

/** @internal */
export interface ShowClaudeOptions extends Pick<
  RunClaudeOptions,
  'apiKey' | 'baseUrl' | 'binary' | 'extraEnv' | 'via'
> {
  readonly prompt: string;
  /** What the terminal must show before it is closed; white space does not count. */
  readonly until: RegExp;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

const size = { columns: '200', rows: '50' };

/**
 * Runs Claude Code in a terminal, as a developer does, and gives what it showed, without white space: it moves the cursor
 * instead of writing some of it. The terminal is that of util-linux, so that it needs Linux.
 */
export async function showClaude(options: ShowClaudeOptions): Promise<string> {
  const { binary, prompt, until, timeoutMs = 60_000 } = options;
  const home = await mkdtemp(join(tmpdir(), 'ccg-claude-home-'));
  const cwd = join(home, 'work');
  await mkdir(cwd);
  await writeFile(join(home, '.claude.json'), JSON.stringify(settledIn(cwd)));
  const command = `stty cols ${size.columns} rows ${size.rows}; exec "$CLAUDE" "$PROMPT"`;
  const terminal = startProcess({
    command: 'script',
    args: ['--quiet', '--flush', '--command', command, '/dev/null'],
    cwd,
    env: {
      ...claudeEnvironment(options, home),
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      CLAUDE: binary,
      PROMPT: prompt,
    },
    input: 'silent',
  });
  try {
    const endMs = performance.now() + timeoutMs;
    while (performance.now() < endMs) {
      const shown = textOf(terminal.stdout());
      if (until.test(shown)) return shown;
      await Promise.race([setTimeout(100), terminal.exited]);
    }
    throw new Error(`Claude Code did not show ${String(until)}. It showed: ${textOf(terminal.stdout())}`);
  } finally {
    // The end of its terminal ends Claude Code.
    terminal.killGroup();
    await terminal.exited;
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Nothing is asked before the prompt. */
function settledIn(cwd: string): object {
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  return { hasCompletedOnboarding: true, theme: 'dark', projects: { [cwd]: project } };
}

function textOf(output: string): string {
  return stripVTControlCharacters(output).replace(/\s/gu, '');
}
