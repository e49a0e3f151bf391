import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { adminVariables } from '@ccg/admin';
import { gatewayVariables, parseConfig } from '@ccg/gateway';
import { localVariables } from '@ccg/local';
import { workerVariables } from '@ccg/worker';
import { describe, expect, test } from 'vitest';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const reference = readFileSync(new URL('../../apps/gateway/README.md', import.meta.url), 'utf8');
const ofAdmin = readFileSync(new URL('../../apps/admin/README.md', import.meta.url), 'utf8');
const ofWorker = readFileSync(new URL('../../apps/worker/README.md', import.meta.url), 'utf8');

const ofGateway = [...gatewayVariables, ...localVariables];
const ofAdminAlone = adminVariables.filter((name) => !ofGateway.includes(name));
const ofWorkerAlone = workerVariables.filter((name) => !ofGateway.includes(name));

describe('the variables that are read', () => {
  test.each([
    ['.env.example', example, /^# ([A-Z][A-Z0-9_]+)=/gmu, [...ofGateway, ...ofAdminAlone, ...ofWorkerAlone]],
    ['apps/gateway/README.md', reference, /^\| `([A-Z][A-Z0-9_]+)` +\|/gmu, ofGateway],
    ['apps/admin/README.md', ofAdmin, /^\| `([A-Z][A-Z0-9_]+)` +\|/gmu, ofAdminAlone],
    ['apps/worker/README.md', ofWorker, /^\| `([A-Z][A-Z0-9_]+)` +\|/gmu, ofWorkerAlone],
  ])('are the ones that %s explains', (_file, text, row, read) => {
    const explained = [...text.matchAll(row)].map((match) => match[1] ?? '');
    expect(explained.toSorted()).toEqual(read.toSorted());
  });

  test('have in .env.example their defaults, wherever they have one', () => {
    // A placeholder such as sk-... is refused, so that nobody starts with one.
    const text = example.replaceAll(/^# (?=[A-Z][A-Z0-9_]+=)/gmu, '').replaceAll(/\.{3}$/gmu, 'x');
    const uncommented = parseEnv(text);
    const required = { KEY_PEPPER: 'p'.repeat(32), REDIS_URL: uncommented['REDIS_URL'], OPENAI_API_KEY: 'sk-x' };
    const examples = [
      'RATE_LIMIT_RPM',
      'PUBLIC_BASE_URL',
      'ANTHROPIC_API_KEY',
      'GEMINI_API_KEY',
      'NVIDIA_API_KEY',
      'OPENROUTER_API_KEY',
      'OLLAMA_API_BASE',
      'OPENAI_DIALECT',
    ];
    const exampleEnv = Object.fromEntries(Object.entries(uncommented).filter(([name]) => !examples.includes(name)));
    expect(parseConfig({ ...exampleEnv, ...required })).toEqual(parseConfig(required));
    expect(parseConfig({ ...uncommented, ...required })).toMatchObject({ kind: 'valid' });
  });
});
