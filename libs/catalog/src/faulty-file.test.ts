import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';

const head = 'version: 1\nproviders:\n  a:\n    dialect: openai-chat\n    baseUrl: http://127.0.0.1:8000/v1\n';
const rest = 'models:\n  "*": a:rest\n';
const settings = 'must be {provider}:{model}, {provider}:* for the name unchanged, or the name of another entry';

function problemsOf(text: string): readonly string[] {
  const secrets = { env: () => undefined, file: () => undefined };
  const made = catalogFromEnv({}, 'organisation', { path: 'gateway.yaml', text, secrets });
  return made.kind === 'faulty' ? made.problems : [];
}

test.each<[string, string, readonly string[]]>([
  ['nothing in it', '', [':1: is empty. Begin with the line `version: 1`']],
  ['comments alone', '# later\n', [':1: is empty. Begin with the line `version: 1`']],
  ['a text', 'hello\n', [':1: must be a section of NAME: value lines']],
  ['no version', head.replace('version: 1\n', ''), [':1: version: must be 1']],
  ['another version', head.replace('1', '2'), [':1: version: must be 1']],
  [
    'an open bracket',
    `${head}models: [\n`,
    [':7: is not YAML: the indentation, a bracket or a colon is wrong here or on the line before'],
  ],
  ['an open quote', `${head}models: "x\n`, [':7: lacks a closing quote, bracket or comma']],
  ['a tab', `${head}models:\n\tx: a:b\n`, [':7: is indented by a tab. YAML takes spaces alone']],
  [
    'a name twice',
    `${head}  a:\n    dialect: anthropic\n`,
    [':6: repeats a name of the same section. Keep one of the two'],
  ],
  ['two documents', `${head}---\n${head}`, [':6: begins a second document. Keep one']],
  [
    'an unknown setting',
    `${head}    apiKey: sk-secretpart\nfallbacks: {}\n`,
    [
      ':6: providers.a.apiKey: is not a setting that is known here',
      ':7: fallbacks: is not a setting that is known here',
    ],
  ],
  [
    'several faults',
    'version: 1\nproviders:\n  B:\n    dialect: anthropic\n    baseUrl: ftp://x\n  c:\n    dialect: soap\n  d: 5\nmodels: []\n',
    [
      ':3: providers.B: must be lower-case letters, digits, hyphens',
      ':7: providers.c.dialect: must be anthropic or openai-chat or openai-responses or ollama or gemini',
      ':8: providers.d: must be a section of NAME: value lines',
      ':9: models: must be a section of NAME: value lines',
    ],
  ],
  [
    'the URL of a request',
    head.replace('/v1', '/v1/chat/completions'),
    [
      ':5: providers.a.baseUrl: must be the base URL, not the URL of a request. Remove the last part, such as /chat/completions',
    ],
  ],
  [
    'a credential',
    `${head}    credential: sk-secretpart\n`,
    [
      ':6: providers.a.credential: must be {env: NAME} or {file: PATH}. The secret itself does not belong into this file',
    ],
  ],
  [
    'prices',
    `${head}${rest}prices:\n  b:m: {input: 1, output: 1}\n  m: {free: true}\n  a:x: {input: -1, output: 0.0000001}\n` +
      '  a:y: {input: 1}\n  a:z: {free: true, output: 1}\n  a:v: {inptu: 1, free: yes}\n  a:w: {}\n' +
      '  a:u: {input: 1, output: 1, longPrompt: {aboveTokens: 0, input: 1}}\n',
    [
      ':10: prices.m: must be {provider}:{model}, in which * stands for any text',
      ':11: prices."a:x".input: must be dollars per million tokens, from 0 to 100000, with six decimals at most',
      ':11: prices."a:x".output: must be dollars per million tokens, from 0 to 100000, with six decimals at most',
      ':12: prices."a:y".output: is missing. State it in dollars per million tokens',
      ':13: prices."a:z".free: must stand alone: a model that is free has no prices',
      ':14: prices."a:v".free: must be true',
      ':14: prices."a:v".inptu: is not a setting that is known here',
      ':15: prices."a:w".input: is missing. State it in dollars per million tokens, or write free: true',
      ':15: prices."a:w".output: is missing. State it in dollars per million tokens',
      ':16: prices."a:u".longPrompt.aboveTokens: must be a whole number of tokens, from 1',
      ':16: prices."a:u".longPrompt.output: must be dollars per million tokens, from 0 to 100000, with six decimals at most',
      ':9: prices."b:m": "b" is not a configured provider. Configured: a.',
    ],
  ],
  [
    'secrets that are missing',
    `${head}    credential: {env: NOT_SET}\n    headers: {x-b: {file: gone.txt}}\n`,
    [
      ':6: providers.a.credential: the environment variable NOT_SET is not set. Set it, or remove this setting',
      ':7: providers.a.headers.x-b: the file gone.txt is empty or cannot be read. Paths begin at the folder of this file',
    ],
  ],
  [
    'a header of the connection, and the one of the credential',
    `${head}    headers:\n      Host: x\n      Authorization: Bearer secretpart\n`,
    [
      ':7: providers.a.headers.Host: is a header that the gateway sets itself; the credential of authorization is "credential"',
      ':8: providers.a.headers.Authorization: is a header that the gateway sets itself; the credential of authorization is "credential"',
    ],
  ],
  [
    'times and capabilities of a wrong type',
    `${head}    timeouts: {connect: 0, idle: soon}\n    capabilities: {images: maybe, toolIds: any-id}\n`,
    [
      ':6: providers.a.timeouts.connect: must be seconds, from 0.01 to 600',
      ':6: providers.a.timeouts.idle: must be seconds, from 0.01 to 3600',
      ':7: providers.a.capabilities.images: must be true or false',
      ':7: providers.a.capabilities.toolIds: must be any or at-most-64 or nine-letters',
    ],
  ],
  [
    'models that lead nowhere',
    `${head}models:\n  x: mistral:large\n  y: gpt-4.1\n  z: {model: "a:m", window: 5}\n  "*": a:gpt-*\n`,
    [
      ':9: models.z.window: is not a setting that is known here',
      `:10: models."*": ${settings}`,
      ':7: models.x: "mistral" is not a configured provider. Configured providers: a',
      ':8: models.y: "gpt-4.1" is neither {provider}:{model} nor the name of another entry. Configured providers: a',
    ],
  ],
  [
    'providers of models that do not exist',
    `${head}models:\n  x: mistral:large\n  y: gpt-4.1\n  "*": a:m\n`,
    [
      ':7: models.x: "mistral" is not a configured provider. Configured providers: a',
      ':8: models.y: "gpt-4.1" is neither {provider}:{model} nor the name of another entry. Configured providers: a',
    ],
  ],
  [
    'a faulty entry for all names',
    `${head}  b: {dialect: ollama, baseUrl: "http://gpu:11434"}\nmodels:\n  "*": nowhere:m\n`,
    [':8: models."*": "nowhere" is not a configured provider. Configured providers: a, b'],
  ],
  [
    'a name of a provider that is none, and so providers that are not known',
    'version: 1\npreferred: b\nproviders:\n  B: {dialect: ollama, baseUrl: "http://gpu:11434"}\nmodels:\n  "*": b:m\n',
    [':4: providers.B: must be lower-case letters, digits, hyphens'],
  ],
  [
    'settings of Ollama that no environment may have either',
    `${head}  o: {dialect: ollama, baseUrl: "http://gpu:11434", contextTokens: 5, keepAlive: soon}\n  p: {dialect: ollama, baseUrl: "http://gpu:11434", contextTokens: 2.5, keepAlive: 1.5}\n${rest}`,
    [
      ':6: providers.o.contextTokens: must be a whole number from 1024 to 999999999',
      ':6: providers.o.keepAlive: must be a duration such as 30m or 24h, a number of seconds, or -1 for no end',
      ':7: providers.p.contextTokens: must be a whole number from 1024 to 999999999',
      ':7: providers.p.keepAlive: must be a duration such as 30m or 24h, a number of seconds, or -1 for no end',
    ],
  ],
  [
    'faults of every kind',
    'preferred: zzz\nproviders:\n  a: {dialect: soap, credential: {env: NOT_SET}, headers: {x-b: {file: gone.txt}, Host: x}}\n  b: {dialect: ollama, baseUrl: "http://gpu:11434", credential: {env: NOT_SET}}\nmodels:\n  l: {model: "b:m", contextTokens: big}\n  m: a:m\n  n: l\n  o: nowhere:m\n  b:x: b:y\n  p: q\n  q: p\n',
    [
      ':1: version: must be 1',
      ':3: providers.a.dialect: must be anthropic or openai-chat or openai-responses or ollama or gemini',
      ':3: providers.a.credential: the environment variable NOT_SET is not set. Set it, or remove this setting',
      ':3: providers.a.headers.x-b: the file gone.txt is empty or cannot be read. Paths begin at the folder of this file',
      ':4: providers.b.credential: the environment variable NOT_SET is not set. Set it, or remove this setting',
      ':6: models.l.contextTokens: must be a number',
      ':9: models.o: "nowhere" is not a configured provider. Configured providers: a, b',
      ':1: preferred: "zzz" is not a configured provider. Configured: a, b. Set one of these, or set the credential of the provider that you want.',
      ':10: models."b:x": begins with the name of a provider, which always goes there.',
      ':11: models.p: goes round in a circle: p → q → p. Write {provider}:{model}.',
      ':12: models.q: goes round in a circle: q → p → q. Write {provider}:{model}.',
    ],
  ],
  [
    'a circle of aliases',
    `${head}${rest}  x: y\n  y: z\n  z: y\n`,
    [
      ':8: models.x: goes round in a circle: x → y → z → y. Write {provider}:{model}.',
      ':9: models.y: goes round in a circle: y → z → y. Write {provider}:{model}.',
      ':10: models.z: goes round in a circle: z → y → z. Write {provider}:{model}.',
    ],
  ],
  [
    'an alias of itself',
    `${head}${rest}  x: X\n`,
    [':8: models.x: goes round in a circle: x → x. Write {provider}:{model}.'],
  ],
  [
    'a name that always goes to a provider',
    `${head}${rest}  a:x: a:y\n  ollama:x: a:y\n`,
    [
      ':8: models."a:x": begins with the name of a provider, which always goes there.',
      ':9: models."ollama:x": begins with the name of a provider, which always goes there.',
    ],
  ],
  [
    'a star without quotes',
    `${head}models:\n  *haiku*: a:m\n`,
    [
      ':7: has an anchor or an alias (& or *), which are not used here. Put a name or value with * into quotes, such as "*haiku*"',
    ],
  ],
  [
    'a merge key',
    `${head}    <<: {profile: openai}\n`,
    [':6: has a merge key, which is not used here. Write the values out'],
  ],
  [
    'a tag',
    `${head}${rest}  x: !!js/function a\n`,
    [':8: has a tag that begins with !, which is not used here. Put a value with ! into quotes'],
  ],
  ['a name of the prototype', `${head}${rest}  __proto__: a:m\n`, [':8: has a name that is not one']],
])('a file with %s is refused by line and path: all of it', (_what, text, lines) => {
  const problems = problemsOf(text);
  expect(problems).toEqual(lines.map((line) => `gateway.yaml${line}`));
  expect(problems.join('\n')).not.toContain('secretpart');
});

test.each<[string, string]>([
  ['nested anchors', Array.from({ length: 9 }, (_, n) => `a${n}: &a${n} [${'*a0, '.repeat(9)}]`).join('\n')],
  ['anchors in a row', '&a '.repeat(15_000)],
  ['brackets', '['.repeat(60_000)],
  ['lists in lists', '- '.repeat(30_000)],
  ['keys of keys', '? '.repeat(30_000)],
  ['a megabyte', 'a: b\n'.repeat(200_000)],
])('a bomb of %s is refused before it costs anything', (_what, text) => {
  expect(problemsOf(text).join('\n')).toMatch(
    /^gateway\.yaml:\d+: (?:has \d+ characters|has an anchor|is nested deeper)/u,
  );
});
