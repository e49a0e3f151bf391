import { describe, expect, test } from 'vitest';
import { recordCli } from '../../test/record-cli.ts';
import { runCli } from '../run-cli.ts';

const id = 'msgbatch_0199a0000000aaaaaaaaaaaaaaaaaaaaaaaa';
const none = { total: 10, waiting: 0, running: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };

function batchOf(counts: object, more: object = {}): object {
  return { id, tenant: 'acme', status: 'in_progress', models: [], counts: { ...none, ...counts }, ...more };
}

type Step = object | Error;

function answerOf(step: Step): Response {
  if (step instanceof Error) throw step;
  const isProblem = 'detail' in step;
  const type = isProblem ? 'application/problem+json' : 'application/json';
  const status = 'httpStatus' in step ? Number(step.httpStatus) : 200;
  return new Response(JSON.stringify(step), { status, headers: { 'content-type': type } });
}

interface Options {
  readonly columns?: number;
  /** What the person answers; nobody can be asked without. */
  readonly answer?: string;
  readonly waitMs?: number;
}

/** Runs a command on a server that answers with one step after the other, and with the last one again and again. */
async function run(args: readonly string[], steps: readonly Step[], { columns, answer, waitMs }: Options = {}) {
  let [nowMs, at] = [1_000_000, 0];
  const sent: string[] = [];
  const questions: string[] = [];
  const { cli, written } = recordCli({
    env: { CCG_TOKEN: 'x'.repeat(40) },
    terminal: {
      ask(question) {
        questions.push(question);
        return answer === undefined ? undefined : Promise.resolve(answer);
      },
      columns: () => columns,
    },
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url instanceof Request ? url.url : url);
      sent.push(`${init?.method ?? 'GET'} ${pathname.replace('/admin/v1', '')}${search}`);
      const step = steps[Math.min(at, steps.length - 1)] ?? new Error('no step');
      at += 1;
      return await Promise.resolve().then(() => answerOf(step));
    },
    nowMs: () => nowMs,
    wait(ms) {
      nowMs += waitMs ?? ms;
      return Promise.resolve();
    },
  });
  const exitCode = await runCli(cli, args);
  return { exitCode, ...written(), sent, questions };
}

const refused = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
const ended = batchOf({ succeeded: 9, errored: 1 }, { status: 'ended' });

const waits = (until: string) => ({ waitsFor: { reason: 'budget', name: 'user-budget-day', until } });

test('ccg batches list shows what the items of a batch wait for, and until when', async () => {
  const items = [batchOf({ waiting: 10 }, waits('2026-11-29T00:00:00.000Z')), batchOf({ waiting: 10 })];
  const [heading = '', first = '', second = ''] = (await run(['batches', 'list'], [{ items }])).stdout.split('\n');
  const at = heading.indexOf('WAITS FOR');
  expect(first.slice(at)).toMatch(/^budget user-budget-day until 2026-11-29T00:00:00Z /u);
  expect(second.slice(at)).toMatch(/^- /u);
});

describe('ccg batches watch', () => {
  const watch = (steps: readonly Step[], options: Options = {}) => run(['batches', 'watch', id], steps, options);

  test('tells what items wait for and until when; a later time alone is no change', async () => {
    const provider = { waitsFor: { reason: 'provider', name: 'anthropic', until: '2026-11-28T20:00:07.500Z' } };
    const steps = [
      batchOf({ waiting: 10 }, waits('2026-11-29T00:00:00.000Z')),
      batchOf({ waiting: 10 }, waits('2026-11-29T00:00:01.000Z')),
      batchOf({ waiting: 10 }, provider),
      batchOf({ waiting: 10 }),
      ended,
    ];
    expect((await watch(steps)).stdout).toBe(
      'in progress, 0 of 10 items (0 %), 10 waiting, waits for budget user-budget-day until 2026-11-29T00:00:00Z\n' +
        'in progress, 0 of 10 items (0 %), 10 waiting, waits for provider anthropic until 2026-11-28T20:00:07Z, no item has ended lately\n' +
        'in progress, 0 of 10 items (0 %), 10 waiting, no item has ended lately\n' +
        'ended, 10 of 10 items (100 %), 9 succeeded, 1 errored\n',
    );
  });

  test('writes a line for each change, with the pace and the time that is left, and exits with 0 at the end', async () => {
    const steps = [
      batchOf({ waiting: 10 }),
      batchOf({ waiting: 4, running: 2, succeeded: 4 }),
      batchOf({ waiting: 4, running: 2, succeeded: 4 }),
      ended,
    ];
    expect(await watch(steps)).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout:
        'in progress, 0 of 10 items (0 %), 10 waiting\n' +
        'in progress, 4 of 10 items (40 %), 2 running, 4 waiting, 4 succeeded, 2 a second, about 3 s left\n' +
        'ended, 10 of 10 items (100 %), 9 succeeded, 1 errored\n',
    });
  });

  test('writes over one line of a terminal, which it never fills', async () => {
    const { stdout } = await watch([batchOf({ waiting: 10 }), batchOf({ waiting: 9, succeeded: 1 }), ended], {
      columns: 30,
    });
    const lines = stdout.split('\r\u001b[2K');
    expect(lines).toEqual(
      ['', 'in progress, 0 of 10 items (0', 'in progress, 1 of 10 items (10', 'ended, 10 of 10 items (100 %),\n'].map(
        (line) => (line.endsWith('\n') ? `${line.slice(0, 29)}\n` : line.slice(0, 29)),
      ),
    );
  });

  test('says that no item has ended where a batch stands still for half a minute', async () => {
    const still = batchOf({ waiting: 10 });
    const { stdout } = await watch([still, ...Array.from({ length: 20 }, () => still), ended], { columns: 100 });
    expect(stdout).toContain('10 waiting, no item has ended lately');
  });

  test('goes on while the admin app restarts', async () => {
    const unavailable = { detail: 'Redis is away.', httpStatus: 503 };
    const steps = [batchOf({ waiting: 10 }), refused, unavailable, refused, batchOf({ waiting: 10 }), ended];
    const { exitCode, stdout } = await watch(steps);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(stdout).toMatch(/ended, 10 of 10 items[^\n]*\n$/u);
  });

  test('ends with 3 where no answer comes for minutes, and at once where none ever came', async () => {
    const gone = await watch([batchOf({ waiting: 10 }), refused]);
    expect(gone).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('Nothing listens') });
    expect(gone.sent.length).toBeGreaterThan(100);
    expect(await watch([refused])).toMatchObject({ exitCode: 3, sent: [`GET /batches/${id}`] });
  });

  test('says that a batch was deleted meanwhile, that results were removed, and that there is no such batch', async () => {
    const unknown = { detail: 'There is no such batch.', httpStatus: 404 };
    expect(await watch([batchOf({ running: 10 }), unknown])).toMatchObject({
      exitCode: 1,
      stderr: 'The batch was deleted meanwhile, and its results with it.\n',
    });
    expect(await watch([{ ...ended, archivedAt: '2026-11-28T12:00:00Z' }])).toMatchObject({
      exitCode: 0,
      stderr: 'Its results were removed at 2026-11-28T12:00:00Z: their time was over.\n',
    });
    expect(await watch([unknown])).toMatchObject({ exitCode: 1, stderr: 'There is no such batch.\n' });
  });
});

describe('ccg batches cancel', () => {
  const cancel = (args: readonly string[], steps: readonly Step[], options: Options = {}) =>
    run(['batches', 'cancel', id, ...args], steps, options);
  const canceled = batchOf({ canceled: 6, succeeded: 4 }, { status: 'ended' });
  const running = batchOf({ waiting: 6, succeeded: 4 });

  test('asks first, says what is lost, and cancels on a yes', async () => {
    const { exitCode, sent, questions } = await cancel([], [running, canceled], { answer: ' Yes ' });
    expect(exitCode).toBe(0);
    expect(questions).toEqual(['Cancel the batch of the tenant acme? 6 of its 10 items get no result then. [y/N] ']);
    expect(sent).toEqual([`GET /batches/${id}`, `POST /batches/${id}/cancel`]);
  });

  test.each(['', 'n', 'yesterday'])('does nothing on the answer "%s"', async (answer) => {
    expect(await cancel([], [running, canceled], { answer })).toMatchObject({
      exitCode: 1,
      stderr: 'The batch was not canceled.\n',
      sent: [`GET /batches/${id}`],
    });
  });

  test('where nobody can be asked wants --yes, and does not ask then', async () => {
    const silent = await cancel([], [running, canceled]);
    expect(silent).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--yes'),
      sent: [`GET /batches/${id}`],
    });
    const told = await cancel(['--yes', '--tenant', 'acme'], [canceled]);
    expect(told).toMatchObject({ exitCode: 0, questions: [], sent: [`POST /batches/${id}/cancel?tenant=acme`] });
  });
});

describe('ccg batches list', () => {
  test('shows all pages as a table, without what could steer a terminal, and asks for what is wanted', async () => {
    const hostile = batchOf(
      { waiting: 7, errored: 3 },
      {
        userName: 'Eve\u001b[2J',
        models: [{ model: 'gpt\u0007-4.1', items: 10 }],
        estimatedCostMicroDollars: 1_234_567,
      },
    );
    const pages = [{ items: [hostile], nextCursor: 'next' }, { items: [ended] }];
    const { stdout, sent } = await run(['batches', 'list', '--status', 'in_progress', '--tenant', 'acme'], pages);
    expect(stdout).toMatch(/^BATCH +TENANT +USER/u);
    expect(stdout).toMatch(/Eve\\u001b\[2J .* in_progress +10 +3 +3 .* \$1\.23 +gpt\\u0007-4\.1\n/u);
    for (const control of ['\u0007', '\u001b']) expect(stdout).not.toContain(control);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(sent.map((line) => Object.fromEntries(new URLSearchParams(line.split('?')[1])))).toEqual([
      { limit: '200', tenant: 'acme', status: 'in_progress' },
      { limit: '200', tenant: 'acme', status: 'in_progress', cursor: 'next' },
    ]);
  });

  test('says so where there is none, and refuses a status that there is not', async () => {
    expect(await run(['batches', 'list'], [{ items: [] }])).toMatchObject({
      exitCode: 0,
      stderr: 'There is no such batch.\n',
    });
    expect(await run(['batches', 'list', '--status', 'done'], [])).toMatchObject({ exitCode: 2, sent: [] });
  });
});
