import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { catalogFileJsonSchema } from './catalog-file.ts';
import { findModel, listModels, describeRoutes } from './list-models.ts';
import type { Provider } from './provider.ts';
import { resolveRoute } from './resolve-route.ts';
import { createTargets } from './targets.ts';

const folder = new URL('../../../apps/gateway/', import.meta.url);
const example = readFileSync(new URL('gateway.example.yaml', folder), 'utf8');
const head = 'version: 1\nproviders:\n  a:\n    dialect: openai-chat\n    baseUrl: http://127.0.0.1:8000/v1\n';
const env = {
  ANTHROPIC_API_KEY: 'sk-ant-secret',
  TOKEN: ' sk-token-secret\n',
  BIG_MODEL: 'a:big',
  SMALL_MODEL: 'a:small',
};

function read(text: string, variables: Readonly<Record<string, string>> = env) {
  const files: Readonly<Record<string, string>> = { 'key.txt': 'sk-file-secret\n', empty: '' };
  const secrets = { env: (name: string) => variables[name], file: (path: string) => files[path] };
  return catalogFromEnv(variables, 'organisation', { path: 'gateway.yaml', text, secrets });
}

function revealed(catalog: { readonly preferred: Provider }): string | Promise<string> | undefined {
  const { credential } = catalog.preferred;
  return credential !== undefined && 'reveal' in credential ? credential.reveal() : undefined;
}

function catalogOf(text: string, variables?: Readonly<Record<string, string>>) {
  const made = read(text, variables);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const { preferred } = made.catalog;
  if (preferred === undefined) throw new Error('no provider is preferred');
  return { ...made.catalog, preferred };
}

function problemsOf(text: string, variables?: Readonly<Record<string, string>>): readonly string[] {
  const made = read(text, variables);
  return made.kind === 'faulty' ? made.problems : [];
}

function goesTo(text: string, model: string, variables?: Readonly<Record<string, string>>): string {
  const catalog = catalogOf(text, variables);
  return resolveRoute(catalog, createTargets(catalog), { model, prefix: undefined }).targets[0].key;
}

describe('the example', () => {
  test('gives the providers and models that it says', () => {
    const catalog = catalogOf(example, { ANTHROPIC_API_KEY: 'sk-ant-secret' });
    expect(catalog.preferred.name).toBe('anthropic');
    expect(catalog.providers.get('vllm')?.endpoint.timeouts).toEqual({
      connectMs: 5000,
      firstEventMs: 900_000,
      idleMs: 120_000,
    });
    expect(describeRoutes(catalog)).toEqual({
      'fast, *haiku*': 'vllm:qwen3-coder-30b',
      'big-context': 'vllm:qwen3-235b',
      '*claude*': 'anthropic, name unchanged',
      'other names': 'anthropic, name unchanged',
    });
  });

  test('is the schema for editors that the file is read by; `npm run config:schema` writes it', () => {
    const committed: unknown = JSON.parse(readFileSync(new URL('gateway.schema.json', folder), 'utf8'));
    expect(committed).toEqual(catalogFileJsonSchema());
  });
});

describe('a file is read', () => {
  test.each([
    ['with CRLF and a byte order mark', `\uFEFF${head.replaceAll('\n', '\r\n')}`],
    ['with comments and quotes', head.replace('a:', '"a": # here')],
  ])('%s', (_what, text) => {
    expect([...catalogOf(text, { ...env, PREFERRED_PROVIDER: 'a' }).providers.keys()]).toContain('a');
  });

  test('a credential comes from the environment or from a file, without the line end, and is never shown', async () => {
    const at = (source: string) => catalogOf(`${head}    credential: ${source}\n`, { ...env, PREFERRED_PROVIDER: 'a' });
    expect(await revealed(at('{env: TOKEN}'))).toBe('sk-token-secret');
    expect(await revealed(at('{file: key.txt}'))).toBe('sk-file-secret');
    expect(JSON.stringify(at('{env: TOKEN}').preferred)).not.toContain('secret"');
  });

  test('headers are secret, lower-case, and come from where credentials do', () => {
    const catalog = catalogOf(`${head}    headers: {X-One: plain-secret, x-two: {env: TOKEN}}\n`, {
      ...env,
      PREFERRED_PROVIDER: 'a',
    });
    const { headers } = catalog.preferred.endpoint;
    expect(headers.map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()])).toEqual([
      ['x-one', 'plain-secret'],
      ['x-two', 'sk-token-secret'],
    ]);
    expect(JSON.stringify(headers)).not.toContain('plain-secret');
  });

  test('capabilities correct what is known of every model of the provider, and of no other', () => {
    const text = `${head}    capabilities: {images: false, emptyContent: '', toolIds: nine-letters, thinking: {on: false, budgetTokens: 0}}\n  b:\n    dialect: anthropic\n    baseUrl: http://127.0.0.1:9\n    capabilities: {betas: false, topK: false}\n`;
    const catalog = catalogOf(text, { ...env, PREFERRED_PROVIDER: 'a' });
    const targets = createTargets(catalog);
    const { preferred } = catalog;
    expect(targets.of({ provider: preferred, model: 'gpt-4.1' }).capabilities).toMatchObject({
      images: false,
      emptyContent: '',
      toolIds: 'nine-letters',
      operatorThinking: { on: false, budgetTokens: 0 },
    });
    const b = catalog.providers.get('b') ?? preferred;
    expect(targets.of({ provider: b, model: 'm' }).capabilities).toMatchObject({
      betas: false,
      topK: false,
      passthrough: true,
    });
    expect(b.endpoint.withheldHeaders).toEqual(['anthropic-beta']);
  });

  test('an entry replaces the one of the environment of the same name, which the start tells', () => {
    const text =
      'version: 1\npreferred: openai\nproviders:\n  openai:\n    dialect: openai-chat\n    baseUrl: http://127.0.0.1:8000/v1\nmodels:\n  "*HAIKU*": openai:mine\n';
    const made = read(text, {
      OPENAI_API_KEY: 'sk-1',
      BIG_MODEL: 'openai:b',
      SMALL_MODEL: 's',
      PREFERRED_PROVIDER: 'x',
    });
    expect(made).toMatchObject({
      notices: ['providers.openai', 'models."*haiku*"', 'preferred'].map(
        (what) => `gateway.yaml: ${what} replaces the one of the environment`,
      ),
    });
    const routes = made.kind === 'valid' ? describeRoutes(made.catalog) : {};
    expect(routes).toMatchObject({ '*HAIKU*': 'openai:mine', '*sonnet*, *opus*, *claude*': 'openai:b' });
  });

  test('models alone are added to the providers of the environment', () => {
    const text = 'version: 1\nmodels:\n  fast: openai:gpt-4.1-nano\n';
    expect(goesTo(text, 'fast', { OPENAI_API_KEY: 'sk-1' })).toBe('openai:gpt-4.1-nano');
    expect(goesTo(text, 'claude-haiku-5-5', { OPENAI_API_KEY: 'sk-1' })).toBe('openai:gpt-4.1-mini');
  });
});

describe('where a name goes', () => {
  const models = `${head}models:\n  "*": a:rest\n  "gpt-*": a:gpt\n  "gpt-4*": a:four\n  gpt-4.1: a:exact\n  "*haiku*": quick\n  "claude-*": a:claude\n  "*opus*-5": a:opus\n  quick: a:quick\n  as-is*: a:*\n`;
  test.each([
    ['gpt-4.1', 'a:exact'],
    ['GPT-4.1', 'a:exact'],
    ['gpt-4o', 'a:four'],
    ['gpt-5', 'a:gpt'],
    ['claude-haiku-5-5', 'a:quick'],
    ['claude-opus-5', 'a:opus'],
    ['claude-opus-5-1', 'a:claude'],
    ['as-is-Name:1', 'a:as-is-Name:1'],
    ['anything', 'a:rest'],
    ['a:gpt-4.1', 'a:gpt-4.1'],
    ['claude-via-quick', 'a:quick'],
    ['quick[1m]', 'a:quick'],
    ['GPT-4.1[1M]', 'a:exact'],
    ['claude-via-quick[1m]', 'a:quick'],
    ['claude-via-a:quick', 'a:quick'],
  ])('%s goes to %s', (model, key) => {
    expect(goesTo(models, model, {})).toBe(key);
  });

  test('of several providers the one behind "*" is preferred', () => {
    const two = `${head}  b:\n    dialect: anthropic\n    baseUrl: http://127.0.0.1:9\n`;
    expect(catalogOf(`${two}models: {"*": "b:*"}\n`, {}).preferred.name).toBe('b');
    expect(problemsOf(two, {})).toEqual([expect.stringMatching(/^PREFERRED_PROVIDER: required/u)]);
  });

  test('aliases are listed under their own names, and under ids that the model picker keeps', () => {
    const text = `${head}models:\n  fast: {model: "a:m", contextTokens: 5000, displayName: Fast}\n  claude-mine: fast\n  "*": fast\n`;
    const catalog = catalogOf(text, {});
    const targets = createTargets(catalog);
    expect(
      listModels(catalog, targets).map(({ id, displayName, contextTokens }) => [id, displayName, contextTokens]),
    ).toEqual([
      ['fast', 'Fast', 5000],
      ['claude-via-fast', 'Fast', 5000],
      ['claude-mine', 'claude-mine', 5000],
      ['claude-via-a:m', 'm (a)', 5000],
    ]);
    for (const { id } of listModels(catalog, targets)) expect(findModel(catalog, targets, id)).toMatchObject({ id });
  });
});
