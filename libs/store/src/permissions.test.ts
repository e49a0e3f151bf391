import { globSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { clusterCommands, requiredCommands } from './permissions.ts';

const repository = new URL('../../../', import.meta.url).pathname;

function textOf(pattern: string): string {
  const files = globSync(pattern, { cwd: repository, exclude: (name) => /node_modules|\.test\.ts$/u.test(name) });
  return files.map((file) => readFileSync(`${repository}${file}`, 'utf8')).join('\n');
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? '').toLowerCase());
}

test('the commands that Redis must permit are the ones that scripts and their callers send, and no others', () => {
  const inScripts = matches(textOf('{libs,apps}/**/*.lua'), /redis\.p?call\(\s*['"](\w+)['"]/gu);
  const single = matches(textOf('{libs,apps}/*/src/**/*.ts'), /\bstore\.command\(\s*'(\w+)'/gu);
  const ofStore = [
    ...matches(textOf('libs/store/src/{link,guard,subscriber}.ts'), /redis\.(\w+)\(/gu),
    ...matches(textOf('libs/store/src/{script,topology}.ts'), /\bsend\('(\w+)'/gu),
  ];
  const ofCluster = Object.keys(clusterCommands).map((name) => name.split('|', 1).join());
  const sent = [
    ...inScripts,
    ...single,
    ...ofStore.filter((name) => !['on', 'off', 'once', 'disconnect', 'sendcommand', 'quit'].includes(name)),
  ];
  expect(inScripts.length).toBeGreaterThan(10);
  expect([...Object.keys(requiredCommands), ...ofCluster].toSorted()).toEqual([...new Set(sent)].toSorted());
});
