import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  installPythonPackages,
  jsonTextAt,
  playModel,
  say,
  startProcess,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import { expect, test } from 'vitest';
import { endLocal, startLocal } from './support/start-local.ts';

const folder = fileURLToPath(new URL('python/', import.meta.url));

test(
  'the SDK of PyPI creates, lists, polls, reads, deletes and cancels batches',
  { timeout: 600_000 },
  async (context) => {
    const installed = await installPythonPackages({ name: 'anthropic', requirements: join(folder, 'anthropic.txt') });
    if (installed.kind === 'missing') return context.skip(installed.reason);
    await using opened = new AsyncDisposableStack();
    const hello = playModel([{ content: [say('Grüße, Zoë.')] }]);
    const upstream = await startScriptedUpstream((request) => [waitFor(setTimeout(50)), ...hello(request)]);
    opened.defer(() => upstream.close());
    const root = await mkdtemp(join(tmpdir(), 'ccg-batch-python-'));
    opened.defer(() => rm(root, { recursive: true }));
    const dataDir = join(root, 'data');
    const local = await startLocal({
      dataDir,
      env: { ANTHROPIC_API_KEY: 'sk-none', ANTHROPIC_API_BASE: upstream.url, PREFERRED_PROVIDER: 'anthropic' },
    });
    opened.defer(() => endLocal(local.process, dataDir));
    const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
    const program = startProcess({
      command: installed.python,
      args: [join(folder, 'run_batches.py'), local.url, apiKey],
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: root },
    });
    const { code } = await program.exited;
    if (code !== 0) throw new Error(`The SDK ended with ${code}.\n${program.stdout()}${program.stderr()}`);
    const told: unknown = JSON.parse(program.stdout());
    const none = { succeeded: 0, errored: 0, canceled: 0, expired: 0 };
    expect(told).toEqual({
      id: expect.stringMatching(/^msgbatch_/u),
      created: { ...none, processing: 5 },
      early: ['BadRequestError', 400, 'invalid_request_error'],
      ended: { ...none, processing: 0, succeeded: 5 },
      results: Array.from({ length: 5 }, (_, index) => ({
        custom_id: `item-${index}`,
        result: {
          type: 'succeeded',
          message: expect.objectContaining({ content: [{ type: 'text', text: 'Grüße, Zoë.' }] }),
        },
      })),
      is_canceling: true,
      is_canceled: true,
      listed: true,
      refused: ['BadRequestError', 400, 'invalid_request_error'],
      deleted: { id: jsonTextAt(told, 'id'), type: 'message_batch_deleted' },
      gone: ['NotFoundError', 404, 'not_found_error'],
    });
  },
);
