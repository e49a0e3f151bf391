import { escapeHidden } from '@ccg/kernel';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a person or a script is. */
interface Terminal {
  /** For results. */
  out(text: string): void;
  /** For results of any size: no more is read than is taken. */
  outLines(lines: AsyncIterable<string>): Promise<void>;
  /** For people: errors, and what to do next. */
  err(text: string): void;
  /** Everything that is piped in; undefined where a keyboard stands behind it. */
  readStdin(): Promise<string> | undefined;
  /** What a person answers; undefined where nobody can be asked. */
  ask(question: string): Promise<string> | undefined;
  /** How wide a line of the output may be; undefined where no terminal shows it. */
  columns(): number | undefined;
}

/** All that commands touch outside of their arguments. */
export interface Cli {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly homeFolder: string;
  readonly workingDirectory: string;
  /** Ends a command with a code of its own, after its output. */
  setExitCode(code: number): void;
}

/** Text of a server or a file in a terminal: control characters could move its cursor or change its colours. */
export const printable: (text: string) => string = escapeHidden;
