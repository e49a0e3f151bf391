import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { repositoryRoot } from '../gates/repository-root.ts';
import { runProgram } from '../chart/support/run-program.ts';

const secrets: Readonly<Record<string, string>> = {
  KEY_PEPPER: 'p'.repeat(64),
  REDIS_PASSWORD: 'r'.repeat(64),
  ADMIN_TOKEN_FILE: './admin-token',
  GRAFANA_PASSWORD: 'g'.repeat(32),
};

/** Has the real Docker Compose read docker-compose.yml, with all secrets and without each of them. */
export async function checkCompose(program: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-compose-'));
  const config = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    await writeFile(join(folder, '.env'), lines(env));
    // Nothing of this process: its own variables would win over the file.
    const clean = ['-i', `PATH=${process.env['PATH'] ?? ''}`, `HOME=${folder}`];
    return await runProgram('env', [...clean, program, '--project-directory', folder, 'config', ...args]);
  };
  try {
    await copyFile(join(repositoryRoot, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
    const whole = await config(secrets, '-q');
    expectThat('compose takes the file with all secrets, without a warning', whole.code === 0 && whole.stderr === '');
    for (const name of Object.keys(secrets)) {
      const rest = Object.fromEntries(Object.entries(secrets).filter(([other]) => other !== name));
      const { code, stderr } = await config(rest, '-q');
      expectThat(
        `compose refuses it without ${name}, and says what to do`,
        code !== 0 && stderr.includes(`Set ${name} in .env`),
      );
    }
    const open = await config({ ...secrets, BIND: '0.0.0.0', RUN_AS: '1000:1000' });
    const addresses = [...open.stdout.matchAll(/host_ip: (?<address>\S+)/gu)].map((match) => match.groups?.['address']);
    expectThat(
      'BIND opens the port of the gateway alone',
      addresses.filter((address) => address === '0.0.0.0').length === 1,
    );
    expectThat('RUN_AS is the user of both apps', open.stdout.split('user: 1000:1000').length === 4);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function lines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function expectThat(guarantee: string, holds: boolean): void {
  if (!holds) throw new Error(`Not so: ${guarantee}.`);
  console.log(`✓ ${guarantee}`);
}
