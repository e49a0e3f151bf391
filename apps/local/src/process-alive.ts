import { readFileSync } from 'node:fs';

/** Whether a process runs. A zombie does not: whoever should have reaped it may never do so. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM is the answer for a running process of someone else.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
  return readProcessStat(pid)?.[0] !== 'Z';
}

/** When a process started, in a form that differs for a later process of the same id; `undefined` where the system has no `/proc`. */
export function processStartTime(pid: number): string | undefined {
  return readProcessStat(pid)?.[19];
}

/** The fields of `/proc/<pid>/stat` after the command name, which may itself hold spaces and brackets. */
function readProcessStat(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
