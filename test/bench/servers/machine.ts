import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Where processes run: lists of cores as taskset takes them; undefined where nothing is pinned. */
export interface Cores {
  readonly underTest: string | undefined;
  readonly rest: string | undefined;
  /** What a reader of the figures must know about them. */
  readonly note: string;
}

/** One core for the process under test and the others for everything else, this process and its children included. */
export function claimCores(): Cores {
  const allowed = allowedCores();
  const last = allowed.pop();
  if (last === undefined || allowed.length === 0) return unpinned('there is one core alone');
  const rest = allowed.join(',');
  try {
    execFileSync('taskset', ['-acp', rest, String(process.pid)], { stdio: 'ignore' });
  } catch {
    return unpinned('taskset is missing');
  }
  return { underTest: last, rest, note: `process under test on core ${last}, everything else on ${rest}` };
}

/** The command that runs `command` on the given cores. */
export function pinned(cores: string | undefined, command: readonly string[]): readonly string[] {
  return cores === undefined ? command : ['taskset', '-c', cores, ...command];
}

function allowedCores(): string[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(?<list>\S+)$/m.exec(status)?.groups?.['list'] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
}

function unpinned(why: string): Cores {
  return { underTest: undefined, rest: undefined, note: `NOT PINNED (${why}): the processes disturb each other` };
}

/** The kernel counts in hundredths of a second on every platform that Node supports. */
const microsecondsPerTick = 10_000;

/** CPU time of a process so far, all its threads, in microseconds with the kernel's resolution of 10 ms. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name, in parentheses, may hold spaces; utime and stime are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(?<kilobytes>\d+) kB$/m.exec(status)?.groups?.['kilobytes']) * 1024;
}
