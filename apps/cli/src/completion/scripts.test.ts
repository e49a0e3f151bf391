import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordCli } from '../../test/record-cli.ts';
import { createProgram } from '../program.ts';
import { describeTree } from './describe-tree.ts';
import { completionScript, shells } from './scripts.ts';

const tree = describeTree(createProgram(recordCli().cli));

/** What bash would offer for the last of the words. */
function offered(...words: readonly string[]): readonly string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', tree)}
COMP_WORDS=(ccg ${line}); COMP_CWORD=${words.length}; _ccg; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-u', '-c', script], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion', () => {
  test('offers every command of the tree in bash, at its place', () => {
    for (const { path, children } of tree) {
      if (children.length > 0) expect(offered(...path, '')).toEqual(expect.arrayContaining([...children]));
    }
  });

  test('offers what begins like the word, behind options and their values', () => {
    expect(offered('te')).toEqual(['tenants']);
    expect(offered('keys', 'ro')).toEqual(['rotate']);
    expect(offered('keys', 'list', '--tenant', 'tenants', '--us')).toEqual(['--user']);
    expect(offered('completion', 'f')).toEqual(['fish']);
  });

  test('offers the values of an option that has some', () => {
    expect(offered('limits', 'set', '--per', '')).toEqual(['minute', 'day', 'week', 'month']);
    expect(offered('limits', 'set', '--level', 's')).toEqual(['session']);
  });

  test('offers nothing of its own for another value of an option', () => {
    expect(offered('keys', 'list', '--tenant', '')).toEqual([]);
  });

  test.for(shells)('is a script that %s can read', (shell, context) => {
    const folder = mkdtempSync(join(tmpdir(), 'ccg-completion-'));
    try {
      const file = join(folder, 'script');
      writeFileSync(file, completionScript(shell, tree));
      const { status, stderr, error } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      // The tests above need bash, so it is not excused.
      if (error !== undefined && shell !== 'bash') return context.skip(`This machine has no ${shell}.`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
