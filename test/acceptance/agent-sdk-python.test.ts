import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, jsonAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { agentDialects } from './support/agent-dialects.ts';
import { installPythonSdks } from './support/python-sdks.ts';
import type { PythonSdks } from './support/python-sdks.ts';
import { startMockModel } from './support/start-mock-model.ts';
import type { MockModel } from './support/start-mock-model.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';
import { weighTheStone } from './support/weigh-the-stone.ts';

let binary: string;
let python: PythonSdks;
let mock: MockModel;
let folder: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  python = await installPythonSdks();
  mock = await startMockModel();
  folder = await mkdtemp(join(tmpdir(), 'ccg-python-'));
}, 600_000);
afterAll(async () => {
  await mock.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe.each(agentDialects)('the Agent SDK of PyPI in front of $dialect', ({ dialect, name, model, path, env }) => {
  let suite: Suite;
  beforeAll(async () => {
    suite = await startSuite(`python-${dialect}`, env(mock.traffic.url));
  });
  afterAll(() => suite.close());

  test.for([
    { way: 'by the environment', prefix: '' },
    { way: 'by the URL', prefix: `/${name}:${model}` },
  ])('finishes a task with tools of both sides and goes on with it, chosen $way', async ({ prefix }, context) => {
    if (python.kind === 'missing') return context.skip(python.reason);
    const file = join(folder, `${dialect}${prefix === '' ? '' : '-by-url'}.txt`);
    mock.play(weighTheStone(file, name === 'ollama' ? undefined : 'A file, a tool.'));
    const options = {
      cwd: folder,
      cli_path: binary,
      model: 'claude-opus-5-5',
      permission_mode: 'bypassPermissions',
      max_turns: 12,
      env: { ANTHROPIC_BASE_URL: suite.gateway.url + prefix, ANTHROPIC_AUTH_TOKEN: suite.apiKey },
    };
    const order = { sdk: 'claude-agent-sdk', home: folder, binary } as const;
    const task = await python.run({ ...order, prompt: 'Weigh the stone.', options });
    expect(task.at(-1)).toMatchObject({
      kind: 'ResultMessage',
      subtype: 'success',
      is_error: false,
      result: 'It weighs 42 grams.',
      // The mock's Ollama counts nothing, so the gateway estimates the prompt.
      usage: name === 'ollama' ? {} : { input_tokens: 3000, output_tokens: 60 },
    });
    expect(Number(jsonAt(task.at(-1), 'usage', 'input_tokens'))).toBeGreaterThan(0);
    expect(await readFile(file, 'utf8')).toBe('grüße 石');

    const resumed = { ...options, resume: jsonTextAt(task.at(-1), 'session_id') };
    const more = await python.run({ ...order, prompt: 'And now?', options: resumed });
    expect(more.at(-1)).toMatchObject({ is_error: false, result: 'Still 42 grams.' });
    const asked = mock.traffic.exchanges.filter((exchange) => exchange.path !== '/api/show');
    expect(asked.map((exchange) => [exchange.path.split('?')[0], exchange.status])).toEqual(
      Array.from({ length: 4 }, () => [path, 200]),
    );
  });
});
