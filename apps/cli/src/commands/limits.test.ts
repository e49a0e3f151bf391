import { describe, expect, test } from 'vitest';
import type { Cli } from '../cli.ts';
import { recordCli } from '../../test/record-cli.ts';
import { runCli } from '../run-cli.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Runs `ccg limits set` against an API that has some limits, and tells what was sent to it. */
async function set(args: string, limits: readonly object[] = []) {
  const sent: Sent[] = [];
  const fetch: Cli['fetch'] = (input, init) => {
    const { method = 'GET', body } = init ?? {};
    const path = new URL(input instanceof Request ? input.url : input).pathname;
    const text = typeof body === 'string' ? body : undefined;
    if (method !== 'GET') sent.push({ method, path, body: text === undefined ? undefined : JSON.parse(text) });
    return Promise.resolve(Response.json(method === 'GET' ? { origin: 'tenant', items: limits } : {}));
  };
  const { cli, written } = recordCli({ env: { CCG_TOKEN: 'x'.repeat(40) }, fetch });
  const exitCode = await runCli(cli, ['limits', 'set', '--tenant', 'acme', ...args.split(' ')]);
  return { exitCode, stderr: written().stderr, sent };
}

describe('a limit that is set', () => {
  test.each<[string, string, object]>([
    [
      '--level user --kind requests --amount 60',
      'user-requests',
      { level: 'user', kind: 'requests', amount: 60, per: 'minute' },
    ],
    [
      '--level tenant --kind output_tokens --amount 5 --reserve max_tokens --on-store-error closed --mode shadow',
      'output_tokens',
      {
        level: 'tenant',
        kind: 'output_tokens',
        amount: 5,
        per: 'minute',
        reserve: 'max_tokens',
        onStoreError: 'closed',
        mode: 'shadow',
      },
    ],
    [
      '--level session --kind concurrency --amount 4 --max-wait 1m --max-waiting 0',
      'session-concurrency',
      { level: 'session', kind: 'concurrency', amount: 4, maxWaitSeconds: 60, maxWaiting: 0 },
    ],
    [
      '--level group --kind budget --amount 12.50 --per month',
      'group-budget-month',
      { level: 'group', kind: 'budget', amount: 12.5, per: 'month' },
    ],
    [
      '--level user --kind input_tokens --amount 900 --traffic batches',
      'user-batches-input_tokens',
      { level: 'user', kind: 'input_tokens', amount: 900, per: 'minute', traffic: 'batches' },
    ],
    [
      '--name burst --level model --kind count_requests --amount 9',
      'burst',
      { level: 'model', kind: 'count_requests', amount: 9, per: 'minute' },
    ],
  ])('with %s has the name %s', async (args, name, body) => {
    expect(await set(args)).toMatchObject({
      exitCode: 0,
      sent: [{ method: 'PUT', path: `/admin/v1/tenants/acme/limits/${name}`, body }],
    });
  });

  const budget = { name: 'money', level: 'group', kind: 'budget', amount: 50, per: 'day', mode: 'shadow' };

  test('keeps what is left out of the one of its name', async () => {
    const { sent } = await set('--name money --mode enforce', [budget]);
    expect(sent).toMatchObject([{ body: { ...budget, mode: 'enforce' } }]);
  });

  test('of another kind keeps of the old one whose it is and whether it refuses', async () => {
    const { sent } = await set('--name money --kind requests --amount 5', [budget]);
    expect(sent.map(({ body }) => body)).toEqual([
      { level: 'group', mode: 'shadow', kind: 'requests', amount: 5, per: 'minute' },
    ]);
  });

  test.each<[string, string, number, string]>([
    ['that is not named', '--amount 5', 2, 'Say which limit: --name'],
    ['of a budget without a period', '--level user --kind budget --amount 5', 2, 'of a budget, --per'],
    ['that does not exist and has no kind', '--name gone --amount 5', 1, 'There is no limit "gone"'],
    [
      'of a level that does not exist',
      '--level team --kind requests --amount 5',
      2,
      'Allowed choices are tenant, group',
    ],
    ['of an amount that is no number', '--level user --kind requests --amount -5', 2, 'such as 60 or 12.50'],
    ['of a wait without a unit', '--level user --kind concurrency --amount 5 --max-wait 30', 2, 'such as 24h'],
  ])('%s sends nothing and says what to do', async (_what, args, exitCode, message) => {
    const run = await set(args);
    expect(run).toMatchObject({ exitCode, sent: [] });
    expect(run.stderr).toContain(message);
  });
});

test('how long requests wait belongs to limits of concurrency, which is said before anything is sent', async () => {
  const refused = await set('--level user --kind requests --amount 60 --max-wait 30s');
  expect(refused).toMatchObject({
    exitCode: 2,
    sent: [],
    stderr: expect.stringContaining(
      '--max-wait and --max-waiting are of limits of concurrency; this one is of requests.',
    ),
  });
});
