import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLeakWatch, leakWatch } from './leak-watch.ts';
import { startScriptedUpstream } from './scripted-upstream.ts';
import { startProcess } from './start-process.ts';

const prompt = 'a prompt that nobody may find in any log';
const toolResult = 'what a tool has read from a file of a developer';
const apiKey = `ccg_live_${'a1B2'.repeat(9)}xy`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-leak-watch-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a program that stands where the one of an app does. */
async function runApp(app: string, program: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const file = join(folder, 'apps', app, 'start.js');
  await mkdir(join(folder, 'apps', app), { recursive: true });
  await writeFile(file, program);
  await startProcess({ command: process.execPath, args: [file], cwd: folder, env }).exited;
}

async function ask(): Promise<void> {
  const upstream = await startScriptedUpstream(() => []);
  const content = [
    { type: 'tool_result', content: toolResult },
    { type: 'text', text: prompt },
  ];
  const body = JSON.stringify({ messages: [{ role: 'user', content }] });
  await fetch(upstream.url, { method: 'POST', body }).catch(() => {});
  await upstream.close();
}

describe('what a process of ours must not have written is found', () => {
  test.each(['gateway', 'admin', 'worker', 'local'])('in the output of %s', async (app) => {
    const env = { KEY_PEPPER: `the pepper of ${app}`, OPENAI_API_KEY: `sk-of-${app}-0123456789` };
    const print = `console.log(JSON.stringify({ msg: process.env.KEY_PEPPER, apiKey: '${apiKey}' }));
      console.error('${prompt}', '${toolResult}', process.env.OPENAI_API_KEY);`;
    await runApp(app, print, env);
    await ask();
    expect(leakWatch.leaks()).toEqual(expect.arrayContaining([...Object.values(env), prompt, toolResult, apiKey]));
  });

  test('and nothing else: neither names, nor the API key that a person is shown, nor the output of other programs', async () => {
    const watch = createLeakWatch();
    watch.process(
      { KEY_PEPPER: 'the pepper of nobody' },
      () => `{"model":"a-model-with-a-very-long-name"}\ncurl -H 'x-api-key: ${apiKey}'`,
    );
    const body = Buffer.from(
      JSON.stringify({ model: 'a-model-with-a-very-long-name', messages: [{ content: prompt }] }),
    );
    watch.request({
      method: 'POST',
      path: '/',
      headers: {},
      body,
      json: (): unknown => JSON.parse(body.toString('utf8')),
      aborted: Promise.resolve(),
    });
    expect(watch.leaks()).toEqual([]);
    await runApp('cli', `console.log(process.env.ADMIN_TOKEN)`, { ADMIN_TOKEN: 'the token of an operator' });
    expect(leakWatch.leaks()).not.toContain('the token of an operator');
  });
});
