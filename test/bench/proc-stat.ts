import { readFileSync } from 'node:fs';

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
