import { describe, expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { requestPath } from './dialects.ts';
import type { Provider } from './provider.ts';

const models = { BIG_MODEL: 'gemini-3-pro', SMALL_MODEL: 'gemini-3-flash' };
const vertex = { ...models, USE_VERTEX_AUTH: 'true', VERTEX_PROJECT: 'my-project-1' };

type Env = Readonly<Record<string, string>>;

function problemsOf(env: Env, yaml?: string): readonly string[] {
  const made = read(env, yaml);
  return made.kind === 'faulty' ? made.problems : [];
}

function geminiOf(env: Env, yaml?: string, name = 'gemini'): Provider {
  const made = read(env, yaml);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const provider = made.catalog.providers.get(name);
  if (provider === undefined) throw new Error(`There is no provider ${name}.`);
  return provider;
}

function read(env: Env, text?: string) {
  const secrets = { env: (name: string) => env[name], file: () => undefined };
  return catalogFromEnv(env, 'organisation', text === undefined ? undefined : { path: 'gateway.yaml', text, secrets });
}

describe('the base URL of Vertex AI', () => {
  test.each([
    [{}, 'https://aiplatform.googleapis.com/v1beta1/projects/my-project-1/locations/global'],
    [{ VERTEX_LOCATION: 'global' }, 'https://aiplatform.googleapis.com/v1beta1/projects/my-project-1/locations/global'],
    [
      { VERTEX_LOCATION: 'us-central1' },
      'https://us-central1-aiplatform.googleapis.com/v1beta1/projects/my-project-1/locations/us-central1',
    ],
    [{ VERTEX_LOCATION: 'eu' }, 'https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/my-project-1/locations/eu'],
    [
      { VERTEX_LOCATION: 'europe-west4', VERTEX_API_BASE: 'http://127.0.0.1:9/' },
      'http://127.0.0.1:9/v1beta1/projects/my-project-1/locations/europe-west4',
    ],
    [
      { VERTEX_API_BASE: 'https://proxy.test/vertex/v1' },
      'https://proxy.test/vertex/v1/projects/my-project-1/locations/global',
    ],
  ])('with %o', (more, baseUrl) => {
    expect(geminiOf({ ...vertex, ...more }).endpoint.baseUrl).toBe(`${baseUrl}/publishers/google`);
  });
});

test('the provider is gemini, with the credentials of the machine or of a file, and is asked for no list of models', () => {
  const { dialect, endpoint } = geminiOf(vertex);
  expect([dialect, endpoint.credential]).toEqual(['gemini', { kind: 'google', project: 'my-project-1' }]);
  expect(requestPath(endpoint.form, { operation: 'models' })).toBeUndefined();
  expect(requestPath(endpoint.form, { operation: 'messages', model: 'gemini-3-pro' })).toBe(
    '/models/gemini-3-pro:generateContent',
  );
  const withFile = geminiOf({ ...vertex, GOOGLE_APPLICATION_CREDENTIALS: '/a/key.json' });
  expect(withFile.credential).toEqual({ kind: 'google', project: 'my-project-1', keyFile: '/a/key.json' });
});

describe('a wrong combination of variables is one line that names the variable and the fix', () => {
  const unused =
    /^USE_VERTEX_AUTH: not set, so that VERTEX_PROJECT would have no effect\. Set USE_VERTEX_AUTH=true, or/u;
  test.each<[Env, RegExp]>([
    [{ USE_VERTEX_AUTH: 'true' }, /^VERTEX_PROJECT: required with USE_VERTEX_AUTH=true/u],
    [
      { ...vertex, GEMINI_API_KEY: 'AIza' },
      /^GEMINI_API_KEY: cannot be set together with USE_VERTEX_AUTH=true.*Remove/u,
    ],
    [{ ...vertex, GEMINI_API_BASE: 'http://a' }, /^GEMINI_API_BASE: cannot be set together.*VERTEX_API_BASE/u],
    [
      { ...vertex, VERTEX_LOCATION: 'US Central' },
      /^VERTEX_LOCATION: must be a region such as us-central1, or us, eu or/u,
    ],
    [
      { ...vertex, VERTEX_PROJECT: 'My Project' },
      /^VERTEX_PROJECT: must be the id or the number of a Google Cloud project/u,
    ],
    [{ ...vertex, VERTEX_API_BASE: 'aiplatform.googleapis.com' }, /^VERTEX_API_BASE: must be an http/u],
    [{ ...vertex, USE_VERTEX_AUTH: 'yes' }, /^USE_VERTEX_AUTH: must be true or false/u],
    [{ VERTEX_PROJECT: 'my-project-1', OPENAI_API_KEY: 'sk-x' }, unused],
  ])('%o', (env, message) => {
    expect(problemsOf({ ...models, PREFERRED_PROVIDER: 'openai', OPENAI_API_KEY: 'sk-x', ...env })).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test('several are told together', () => {
    const problems = problemsOf({ ...models, USE_VERTEX_AUTH: 'true', GEMINI_API_KEY: 'AIza', VERTEX_LOCATION: '??' });
    expect(problems.map((line) => line.split(':')[0])).toEqual(['VERTEX_LOCATION', 'VERTEX_PROJECT', 'GEMINI_API_KEY']);
  });
});

test('USE_VERTEX_AUTH=false leaves the variables of Vertex AI unused', () => {
  const env = { ...models, GEMINI_API_KEY: 'AIza-x', USE_VERTEX_AUTH: 'false', VERTEX_PROJECT: 'my-project-1' };
  expect(geminiOf(env).endpoint.baseUrl).toBe('https://generativelanguage.googleapis.com/v1beta');
});

describe('in gateway.yaml', () => {
  const providers = (credential: string) =>
    `version: 1\npreferred: work\nproviders:\n  work:\n    dialect: gemini\n    credential: ${credential}\n`;
  const inFile = providers('{vertex: {project: my-project-1, location: us-east5}}');

  test('several projects can stand side by side, beside a key, and a base URL takes the place of the location', () => {
    const env = { ...models, GEMINI_API_KEY: 'AIza-x', GOOGLE_APPLICATION_CREDENTIALS: 'key.json' };
    const text = `${inFile}  private: {dialect: gemini, credential: {env: GEMINI_API_KEY}}\n  own: {dialect: gemini, baseUrl: "https://a.test/v1/x", credential: {vertex: {project: other-project}}}\n`;
    expect(geminiOf(env, text, 'work').endpoint).toMatchObject({
      baseUrl:
        'https://us-east5-aiplatform.googleapis.com/v1beta1/projects/my-project-1/locations/us-east5/publishers/google',
      credential: { kind: 'google', project: 'my-project-1', keyFile: 'key.json' },
    });
    expect(geminiOf(env, text, 'private').baseUrl).toBe('https://generativelanguage.googleapis.com/v1beta');
    expect(geminiOf(env, text, 'own')).toMatchObject({
      baseUrl: 'https://a.test/v1/x',
      credential: { project: 'other-project' },
    });
  });

  test.each([
    [
      '{vertex: {project: My Project}}',
      /^gateway\.yaml:6: providers\.work\.credential\.vertex\.project: must be the id/u,
    ],
    [
      '{vertex: {location: global}}',
      /^gateway\.yaml:6: providers\.work\.credential: must be .*\{vertex: \{project: ID/u,
    ],
    ['AIza-in-the-file', /^gateway\.yaml:6: providers\.work\.credential: must be \{env: NAME\}/u],
  ])('a credential of %s is told with its line', (credential, message) => {
    expect(problemsOf(models, providers(credential))).toEqual([expect.stringMatching(message)]);
  });

  test('a dialect other than gemini has no such credential', () => {
    const text = inFile.replace('dialect: gemini', 'dialect: anthropic\n    baseUrl: https://a.test');
    expect(problemsOf(models, text)).toEqual([
      expect.stringMatching(/^gateway\.yaml:7: providers\.work\.credential: must be \{env: NAME\} or \{file: PATH\}/u),
    ]);
  });
});
