import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { compileCache, playModel, redisForSuite, say, startGateway, startScriptedUpstream } from '@ccg/testkit';
import type { GatewayProcess, ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { chartSuite } from '../chart/support/chart-suite.ts';
import { environmentOf } from '../chart/support/environment-of.ts';
import { mustRun } from '../chart/support/run-program.ts';
import { repositoryRoot } from '../gates/repository-root.ts';
import { startAdminProcess } from './support/start-admin.ts';

const toolsOf = chartSuite();
const { url: redisUrl, keyPrefix } = redisForSuite('chart');

/** What the Secrets would hold. */
const secrets = { KEY_PEPPER: 'p'.repeat(32), REDIS_URL: redisUrl, ANTHROPIC_API_KEY: 'sk-ant-upstream' };

/** What differs outside of a pod. */
const here = { HOST: '127.0.0.1', OPS_HOST: '127.0.0.1', PORT: '0', OPS_PORT: '0', MODEL_LIST_INTERVAL_MS: '0' };

const testPod = z.object({ spec: z.object({ containers: z.tuple([z.object({ command: z.array(z.string()) })]) }) });

let folder: string;
let upstream: ScriptedUpstream;
let gateway: GatewayProcess | undefined;
beforeAll(async () => {
  upstream = await startScriptedUpstream(playModel([{ content: [say('Hello.')] }]));
  folder = await mkdtemp(join(tmpdir(), 'ccg-chart-'));
  const ccg = `#!/bin/sh\nexec '${process.execPath}' '${repositoryRoot}/apps/cli/start.js' "$@"\n`;
  await writeFile(join(folder, 'ccg'), ccg);
  await chmod(join(folder, 'ccg'), 0o755);
});
afterAll(async () => {
  await gateway?.stop();
  await upstream.close();
  await rm(folder, { recursive: true });
});

/** Runs a line of a shell that finds `ccg` as in an image, and gives what it prints. */
async function shell(line: string, env: Readonly<Record<string, string>>): Promise<string> {
  const path = { PATH: [folder, process.env['PATH'] ?? ''].join(delimiter) };
  const { stdout } = await mustRun('sh', ['-c', line], { cwd: folder, env: { ...compileCache, ...env, ...path } });
  return stdout.trim();
}

test('with the environment of the chart, the commands of its notes make the first API key, and helm test uses it', async (context) => {
  const { chart } = toolsOf(context);
  const values = {
    redis: { keyPrefix },
    gateway: { variables: { ANTHROPIC_API_BASE: upstream.url } },
    test: { existingSecret: 'ccg-test' },
  };
  const objects = await chart.render('minimal', { values });
  gateway = await startGateway({ ...environmentOf(objects, 'gateway').values, ...secrets, ...here });
  const { ANTHROPIC_API_KEY: _ofGateway, ...ofAdmin } = secrets;
  const admin = await startAdminProcess({ ...environmentOf(objects, 'admin').values, ...ofAdmin, ...here });
  try {
    const inPod = { ADMIN_TOKEN_FILE: admin.tokenFile, ADMIN_PORT: new URL(admin.url).port };
    const notes = await chart.notes('minimal');
    const commands = [...notes.matchAll(/exec deployment\/ccg-admin -- (.*)$/gmu)].map(([, command = '']) => command);
    expect(commands).toHaveLength(2);
    const printed: string[] = [];
    for (const command of commands) printed.push(await shell(command, inPod));
    const apiKey = printed.at(-1) ?? '';
    expect(apiKey).toMatch(/^ccg_live_\w{38}$/u);

    const pod = objects.find(({ name }) => name === 'Pod/ccg-test')?.object;
    const [{ command }] = testPod.parse(pod).spec.containers;
    await writeFile(join(folder, 'api-key'), apiKey);
    const answer = await shell(command.join(' '), { CCG_URL: gateway.url, CCG_TOKEN_FILE: join(folder, 'api-key') });
    expect(answer.split('\n').map((line) => line.split(/\s+/u)[0])).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(upstream.requests.length).toBeGreaterThan(0);
  } finally {
    await admin.stop();
  }
});
