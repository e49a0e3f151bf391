import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { directoryFromFile } from './directory-from-file.ts';
import { catalogFromEnv } from './from-env.ts';

const apiKey = `ccg_live_${'0123456789'.repeat(3)}ABCDEFGH`;
const digest = 'ab'.repeat(32);
const files: Readonly<Record<string, string>> = { 'ci-key': `${apiKey}\n`, other: 'sk-secretpart', 'jwks.json': '{}' };
const variables: Readonly<Record<string, string>> = { CI_KEY: apiKey, OTHER: 'sk-secretpart' };
const secrets = { env: (name: string) => variables[name], file: (path: string) => files[path] };

function read(text: string) {
  return directoryFromFile({ path: 'gateway.yaml', text: `version: 1\n${text}`, secrets });
}

function directoryOf(text: string) {
  const made = read(text);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.directory;
}

test('a tenant needs a name and an allowlist', () => {
  const text = "tenants:\n  acme:\n    name: Acme\n    allowlist: { models: ['*'] }\n";
  expect(directoryOf(text)).toEqual({
    policies: [],
    tenants: [{ id: 'acme', name: 'Acme', allowlist: { models: ['*'] }, policies: [], users: [], apiKeys: [] }],
  });
});

test('everything of a tenant can be said', () => {
  const text = `policies:
  small: { models: ['*haiku*'], targets: ['openai:*-mini'] }
tenants:
  acme:
    name: Acme
    allowlist: { targets: ['openai:*'] }
    limits: { requestsPerMinute: 600 }
    timeZone: Europe/Berlin
    contact: '#claude-help'
    waitingWeight: 3
    policies: [small]
    users:
      ada: { allowlist: { models: [claude-opus-5] }, policies: [small], group: research, waitingWeight: 5 }
      Grace Hopper:
    apiKeys:
      - name: ci
        owner: Grace Hopper
        scopes: [messages, tenant:read]
        allowlist: { models: ['*haiku*'] }
        policies: [small]
        expiresAt: 2027-01-31T00:00:00+01:00
        digest: ${digest}
      - { name: from a file, file: ci-key }
      - { name: from a variable, env: CI_KEY }
`;
  const { policies, tenants } = directoryOf(text);
  expect(policies).toEqual([{ name: 'small', allowlist: { models: ['*haiku*'], targets: ['openai:*-mini'] } }]);
  const usual = { scopes: ['messages', 'self'], policies: [] };
  expect(tenants).toMatchObject([
    {
      limits: { requestsPerMinute: 600 },
      timeZone: 'Europe/Berlin',
      contact: '#claude-help',
      waitingWeight: 3,
      policies: ['small'],
      users: [
        {
          name: 'ada',
          allowlist: { models: ['claude-opus-5'] },
          policies: ['small'],
          group: 'research',
          waitingWeight: 5,
        },
        { name: 'Grace Hopper', policies: [] },
      ],
      apiKeys: [
        {
          name: 'ci',
          owner: 'Grace Hopper',
          scopes: ['messages', 'tenant:read'],
          allowlist: { models: ['*haiku*'] },
          policies: ['small'],
          expiresAtMs: Date.UTC(2027, 0, 30, 23),
          digest,
        },
        { name: 'from a file', ...usual },
        { name: 'from a variable', ...usual },
      ],
    },
  ]);
  const texts = tenants[0]?.apiKeys.flatMap((key) => ('apiKey' in key ? [key.apiKey.reveal()] : []));
  expect(texts).toEqual([apiKey, apiKey]);
});

test('the tenants of the example are right as soon as they are no comment any more', () => {
  const example = readFileSync(new URL('../../../apps/gateway/gateway.example.yaml', import.meta.url), 'utf8');
  const [section = ''] = /^# policies:\n(?:#.*\n)+/mu.exec(example) ?? [];
  const made = directoryFromFile({
    path: 'gateway.yaml',
    text: `version: 1\n${section.replaceAll(/^# /gmu, '')}`,
    secrets: { env: () => apiKey, file: () => apiKey },
  });
  expect(made).toMatchObject({ directory: { tenants: [{ id: 'acme', users: [{ name: 'ada' }] }] } });
});

const head = "tenants:\n  acme:\n    name: Acme\n    allowlist: { models: ['*'] }\n";
const atKey = (settings: string) => `${head}    apiKeys:\n      - { name: ci, ${settings} }\n`;
const key = 'tenants.acme.apiKeys.0';

test.each<[string, string, readonly string[]]>([
  [
    'a tenant without an allowlist',
    'tenants:\n  acme:\n    name: Acme\n',
    ['3: tenants.acme.allowlist: is required. {models: ["*"]} allows every model'],
  ],
  [
    'an allowlist without lists, and empty ones',
    "policies:\n  a: {}\n  b: { models: [] }\n  c: { models: ['*'], targets: [gpt-4.1] }\n  D: { models: ['*'] }\n",
    [
      '3: policies.a: must have models, targets or both; "*" allows everything',
      '4: policies.b.models: must not be empty; "*" allows everything',
      '5: policies.c.targets.0: must be {provider}:{model}; "*" stands for any text',
      '6: policies.D: must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
    ],
  ],
  [
    'names that are nowhere',
    `${head}    policies: [large]\n    users:\n      ada: { policies: [small] }\n    apiKeys:\n      - name: ci\n        owner: grace\n        policies:\n          - tiny\n        digest: ${digest}\n`,
    [
      '6: tenants.acme.policies.0: "large" is not in "policies" of this file',
      '8: tenants.acme.users.ada.policies.0: "small" is not in "policies" of this file',
      `11: ${key}.owner: "grace" is not in "users" of this tenant`,
      `13: ${key}.policies.0: "tiny" is not in "policies" of this file`,
    ],
  ],
  [
    'an API key in the place of a reference to it',
    atKey('apiKey: ccg_live_secretpart'),
    [
      `7: ${key}.apiKey: is not a setting that is known here`,
      `7: ${key}: must have exactly one of digest, file and env, which say what the API key is. The API key itself does not belong into this file`,
    ],
  ],
  [
    'an API key for a digest',
    atKey('digest: ccg_live_secretpart'),
    [`7: ${key}.digest: must be the digest of an API key, which \`ccg keys digest\` prints`],
  ],
  [
    'an API key from two places',
    atKey('file: ci-key, env: CI_KEY'),
    [
      `7: ${key}: must have exactly one of digest, file and env, which say what the API key is. The API key itself does not belong into this file`,
    ],
  ],
  [
    'a file that is not there and a variable that holds something else',
    `${atKey('file: gone')}      - { name: two, env: OTHER, scopes: [everything] }\n`,
    [
      `7: ${key}.file: the file gone is empty or cannot be read. Paths begin at the folder of this file`,
      '8: tenants.acme.apiKeys.1.scopes.0: must be messages or batches or self or tenant:read or tenant:write or operator:read or operator:write',
      '8: tenants.acme.apiKeys.1.env: leads to something that is not an API key of this gateway',
    ],
  ],
  [
    'one API key twice',
    `${atKey('file: ci-key')}  beta:\n    name: Beta\n    allowlist: { models: ['*'] }\n    apiKeys:\n      - name: again\n        file: ci-key\n`,
    [`13: tenants.beta.apiKeys.0.file: is the API key of ${key} too. Keep one`],
  ],
  [
    'a day as a time',
    atKey(`digest: ${digest}, expiresAt: 2027-01-31`),
    [`7: ${key}.expiresAt: must be a time with its zone, such as 2027-01-31T00:00:00Z`],
  ],
  [
    'a limit of nothing',
    `${head}    limits: { requestsPerMinute: 0 }\n`,
    ['6: tenants.acme.limits.requestsPerMinute: must be a whole number of requests per minute, from 1'],
  ],
  [
    'limits of a level, a kind, an amount and a period that do not exist',
    `${head}    limits:
      - { level: team, kind: requests, amount: 5, per: minute }
      - { level: user, kind: words, amount: 5, per: minute }
      - { level: user, kind: requests, amount: -5, per: hour }
      - { level: user, kind: concurrency, amount: 5, per: minute }
      - { level: user, kind: input_tokens, amount: 5, per: minute, reserve: max_tokens }
      - { level: user, kind: budget, amount: -1, per: year, mode: audit, onStoreError: local }
`,
    [
      '7: tenants.acme.limits.0.level: must be one of tenant, group, user, api-key, session, model',
      '8: tenants.acme.limits.1.kind: must be one of requests, count_requests, input_tokens, output_tokens, concurrency, budget',
      '9: tenants.acme.limits.2.amount: must be a whole number from 1 to 999999999',
      '9: tenants.acme.limits.2.per: must be minute',
      '10: tenants.acme.limits.3.per: is not a setting that is known here',
      '11: tenants.acme.limits.4.reserve: must be one of none, estimate',
      '12: tenants.acme.limits.5.mode: must be one of enforce, shadow',
      '12: tenants.acme.limits.5.amount: must be dollars above 0 and up to 10000000, with at most six decimals',
      '12: tenants.acme.limits.5.per: must be one of day, week, month',
      '12: tenants.acme.limits.5.onStoreError: must be open or closed: a replica alone cannot know what a budget has left',
    ],
  ],
  [
    'two limits of one name',
    `${head}    limits:
      - { level: user, kind: requests, amount: 5, per: minute, name: few }
      - { level: tenant, kind: requests, amount: 9, per: minute, name: few }
`,
    ['8: tenants.acme.limits.1: has the name "few", as limit 0 has. Give one of them another "name"'],
  ],
  [
    'limits that are no list',
    `${head}    limits: 5
`,
    ['6: tenants.acme.limits: must be a list of limits, or {requestsPerMinute: NUMBER}'],
  ],
  [
    'a time zone, a contact, a group and weights that cannot be',
    `${head}    timeZone: +02:00
    contact: "a\\u200bb"
    waitingWeight: 0
    users:
      ada: { group: 'a:b', waitingWeight: 0 }
      bo: { waitingWeight: 1.5 }
      cy: { waitingWeight: 101 }
`,
    [
      '6: tenants.acme.timeZone: must be a time zone such as Europe/Berlin or UTC',
      '7: tenants.acme.contact: must have 1 to 200 characters, none of them a control or an invisible character',
      '8: tenants.acme.waitingWeight: must be a whole number from 1 to 100',
      '10: tenants.acme.users.ada.group: must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
      '10: tenants.acme.users.ada.waitingWeight: must be a whole number from 1 to 100',
      '11: tenants.acme.users.bo.waitingWeight: must be a whole number from 1 to 100',
      '12: tenants.acme.users.cy.waitingWeight: must be a whole number from 1 to 100',
    ],
  ],
  [
    'a user whose name looks like another one',
    `${head}    users: { "Jose\\u0301": {}, "ada\\u200d": {} }\n`,
    [
      '6: tenants.acme.users."Jose\u0301": must be Unicode in the form NFC. Type it anew instead of pasting it',
      '6: tenants.acme.users."ada\\u{200d}": must have 1 to 200 characters, none of them a control or an invisible character',
    ],
  ],
  [
    'a user with a space at the end',
    `${head}    users: { 'ada ': {} }\n`,
    ['6: tenants.acme.users."ada ": must not begin or end with a space'],
  ],
])('%s is refused at its line', (_what, text, lines) => {
  const made = read(text);
  const problems = made.kind === 'faulty' ? made.problems : [];
  expect(problems).toEqual(lines.map((line) => `gateway.yaml:${line}`));
  expect(problems.join('\n')).not.toContain('secretpart');
});

describe('who reads what', () => {
  const providers = 'providers:\n  a:\n    dialect: soap\n    credential: { env: NOT_SET }\n';

  test('the directory is read without the credentials of providers, and with issuers', () => {
    const issuers =
      'issuers:\n  corporate: { issuer: urn:login, jwks: { file: jwks.json }, audience: gateway, tenants: [acme] }\n';
    expect(read(providers + issuers + head)).toMatchObject({
      kind: 'valid',
      issuers: [{ name: 'corporate' }],
      directory: { tenants: [{ id: 'acme' }] },
    });
    expect(read(issuers.replace('jwks.json', 'gone.json'))).toMatchObject({ kind: 'faulty' });
    expect(read('tenats: {}\n')).toEqual({
      kind: 'faulty',
      problems: ['gateway.yaml:2: tenats: is not a setting that is known here'],
    });
  });

  test('the gateway judges tenants and policies with the rest, and needs no API key of theirs', () => {
    const models =
      'providers:\n  a: { dialect: openai-chat, baseUrl: "http://127.0.0.1:8000/v1" }\nmodels: { "*": "a:m" }\n';
    const asGateway = (text: string) =>
      catalogFromEnv({}, 'organisation', { path: 'gateway.yaml', text: `version: 1\n${models}${text}`, secrets });
    expect(asGateway(atKey('file: gone')).kind).toBe('valid');
    expect(asGateway(`${head}    policies: [large]\npreferred: nobody\n`)).toMatchObject({
      kind: 'faulty',
      problems: [
        'gateway.yaml:9: tenants.acme.policies.0: "large" is not in "policies" of this file',
        expect.stringContaining('preferred'),
      ],
    });
  });
});
