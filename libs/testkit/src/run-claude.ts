import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jsonAt } from './json-at.ts';
import { startProcess } from './start-process.ts';

export interface RunClaudeOptions {
  /** The binary, from `installClaudeCli`. */
  readonly binary: string;
  /** What a developer would put into ANTHROPIC_BASE_URL; may carry a `/provider:model` prefix. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /**
   * The variable that holds the API key, and so the header that carries it. `login` is where the token of a login at
   * claude.ai stands.
   */
  readonly via: keyof typeof variables;
  readonly prompt: string;
  /** Where Claude Code works. */
  readonly cwd: string;
  /** Default: Claude Code's own. */
  readonly model?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** A home that outlives the run, for a later one to resume its session; the caller's to remove. Default: one of its own. */
  readonly home?: string;
  readonly extraArgs?: readonly string[];
}

/** What `--output-format json` printed, as far as tests look at it. */
export interface ClaudeResult {
  readonly sessionId: string;
  readonly isError: boolean;
  /** The last answer's text, or an error in words. */
  readonly text: string;
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface ClaudeRun {
  readonly exitCode: number | null;
  /** Absent when nothing readable was printed. */
  readonly result: ClaudeResult | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Claude Code once without a terminal, in an empty home of its own and with nothing of this process's
 * environment but PATH, so that no setting, credential or proxy of the machine takes part.
 */
export async function runClaude(options: RunClaudeOptions): Promise<ClaudeRun> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'ccg-claude-home-')));
  const child = startProcess({
    command: options.binary,
    args: claudeArguments(options),
    cwd: options.cwd,
    env: claudeEnvironment(options, home),
  });
  const timer = setTimeout(child.killGroup, options.timeoutMs ?? 60_000);
  try {
    const exit = await child.exited;
    return { exitCode: exit.code, result: readResult(child.stdout()), stdout: child.stdout(), stderr: child.stderr() };
  } finally {
    clearTimeout(timer);
    // A command that Claude Code left in the background would outlive the test.
    child.killGroup();
    if (options.home === undefined) await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function claudeArguments(options: RunClaudeOptions): string[] {
  const always = ['--output-format', 'json', '--permission-mode', 'bypassPermissions', '--max-turns', '12'];
  const model = options.model === undefined ? [] : ['--model', options.model];
  return ['-p', options.prompt, ...always, ...model, ...(options.extraArgs ?? [])];
}

const variables = {
  'auth-token': 'ANTHROPIC_AUTH_TOKEN',
  'api-key': 'ANTHROPIC_API_KEY',
  login: 'CLAUDE_CODE_OAUTH_TOKEN',
} as const;

/** What Claude Code is started with: nothing of this process's environment but PATH. */
export function claudeEnvironment(
  options: Pick<RunClaudeOptions, 'apiKey' | 'baseUrl' | 'extraEnv' | 'via'>,
  home: string,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    // Lets root bypass permissions, which Claude Code refuses outside of a sandbox.
    IS_SANDBOX: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
    ANTHROPIC_BASE_URL: options.baseUrl,
    [variables[options.via]]: options.apiKey,
    ...options.extraEnv,
  };
}

function readResult(stdout: string): ClaudeResult | undefined {
  let printed: unknown;
  try {
    printed = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  return {
    sessionId: String(jsonAt(printed, 'session_id')),
    isError: jsonAt(printed, 'is_error') !== false,
    text: String(jsonAt(printed, 'result')),
    turns: Number(jsonAt(printed, 'num_turns')),
    inputTokens: Number(jsonAt(printed, 'usage', 'input_tokens')),
    outputTokens: Number(jsonAt(printed, 'usage', 'output_tokens')),
  };
}
