import {
  chmodSync,
  copyFileSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, reasonOf, systemCodeOf } from '../cli-error.ts';
import type { Cli } from '../cli.ts';

const ownerOnly = 0o600;

/** Where Claude Code keeps the settings of a user. */
export function settingsPath({ env, homeFolder }: Cli): string {
  const folder = env['CLAUDE_CONFIG_DIR'] ?? '';
  return join(folder === '' ? join(homeFolder, '.claude') : folder, 'settings.json');
}

/** The text of the file; empty where there is none. */
export function readSettingsFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return '';
    throw new CliError('refused', `${path} cannot be read (${reasonOf(thrown)}). Nothing was changed.`);
  }
}

/**
 * Replaces the file whole, so that no reader sees half of it, after a copy of what was there. Both are for their owner
 * alone: there is a credential in them. Gives the path of the copy.
 */
export function writeSettingsFile(path: string, text: string, nowMs: number): string | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const target = followLink(path);
    const backup = target === undefined ? undefined : backUp(target, nowMs);
    replace(target ?? path, text);
    return backup;
  } catch (thrown) {
    throw new CliError('refused', `${path} cannot be written (${reasonOf(thrown)}). The settings are as they were.`);
  }
}

/** The file itself, where the path is a link, as people make who keep their settings elsewhere. Undefined: there is none. */
function followLink(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function backUp(file: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/gu, '');
  const backup = `${file}.backup-${stamp}`;
  copyFileSync(file, backup, constants.COPYFILE_EXCL);
  chmodSync(backup, ownerOnly);
  return backup;
}

function replace(file: string, text: string): void {
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  try {
    writeFileSync(unfinished, text, { flag: 'wx', mode: ownerOnly, flush: true });
    renameSync(unfinished, file);
  } catch (thrown) {
    rmSync(unfinished, { force: true });
    throw thrown;
  }
}
