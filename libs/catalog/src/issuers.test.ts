import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';

const head =
  'version: 1\nproviders:\n  a:\n    dialect: openai-chat\n    baseUrl: http://127.0.0.1:8000/v1\nissuers:\n';
const least =
  '  corporate:\n    issuer: https://login.example.com/\n    jwks: { url: https://login.example.com/jwks }\n    audience: gateway\n';

function read(issuers: string) {
  const files: Readonly<Record<string, string>> = { 'jwks.json': '{"keys":[]}' };
  const secrets = { env: () => undefined, file: (path: string) => files[path] };
  return catalogFromEnv({ BIG_MODEL: 'a:big', SMALL_MODEL: 'a:small' }, 'organisation', {
    path: 'gateway.yaml',
    text: head + issuers,
    secrets,
  });
}

function issuersOf(issuers: string) {
  const made = read(issuers);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.issuers;
}

test('an issuer needs its name in tokens, its keys and an audience; the rest is the least that it can grant', () => {
  expect(issuersOf(least)).toEqual([
    {
      name: 'corporate',
      issuer: 'https://login.example.com/',
      jwks: { url: 'https://login.example.com/jwks' },
      audiences: ['gateway'],
      algorithms: ['RS256'],
      clockToleranceMs: 30_000,
      claims: { tenant: ['tenant'], user: ['sub'], groups: ['groups'], scopes: undefined },
      tenants: ['default'],
      scopes: ['messages', 'self'],
    },
  ]);
});

test('everything of an issuer can be said', () => {
  const full = `  build-farm:
    issuer: urn:build
    jwks: { file: jwks.json }
    audience: [a, b]
    algorithms: [ES256, EdDSA]
    clockTolerance: 5
    claims:
      tenant: https://example.com/tenant
      user: person.mail
      groups: [realm, roles.of.mine]
      scopes: scope
    tenants: [acme, umbrella]
    scopes: [messages, operator:read]
    operators: true
    apiKeyDays: 90
`;
  expect(issuersOf(full)).toEqual([
    {
      name: 'build-farm',
      issuer: 'urn:build',
      jwks: { file: 'jwks.json' },
      audiences: ['a', 'b'],
      algorithms: ['ES256', 'EdDSA'],
      clockToleranceMs: 5000,
      claims: {
        tenant: ['https://example.com/tenant'],
        user: ['person', 'mail'],
        groups: ['realm', 'roles.of.mine'],
        scopes: ['scope'],
      },
      tenants: ['acme', 'umbrella'],
      scopes: ['messages', 'operator:read'],
      apiKeyLifetimeMs: 90 * 24 * 60 * 60 * 1000,
    },
  ]);
});

test.each<[string, string, readonly string[]]>([
  [
    'API keys that outlive a year',
    `${least}    apiKeyDays: 366\n`,
    ['11: issuers.corporate.apiKeyDays: must be a whole number of days, from 1 to 365'],
  ],
  [
    'no audience',
    least.replace(/ {4}audience.*\n/u, ''),
    ['7: issuers.corporate.audience: must be a text or a list of texts'],
  ],
  [
    'an issuer with half of a character',
    least.replace(/issuer: .*/u, String.raw`issuer: "https://\ud800"`),
    ['8: issuers.corporate.issuer: must be Unicode: half of a character is no text'],
  ],
  ['an empty audience', least.replace('gateway', '""'), ['10: issuers.corporate.audience: must not be empty']],
  [
    'a secret algorithm',
    `${least}    algorithms: [RS256, HS256]\n`,
    ['11: issuers.corporate.algorithms.1: must be RS256 or PS256 or ES256 or EdDSA'],
  ],
  ['no algorithm', `${least}    algorithms: []\n`, ['11: issuers.corporate.algorithms: must not be empty']],
  [
    'operators without being told',
    `${least}    scopes: [messages, operator:write]\n`,
    [
      '11: issuers.corporate.scopes.1: is for operators, who rule over every tenant. If that is what you want, add "operators: true"',
    ],
  ],
  [
    'keys neither here nor there',
    least.replace(/\{ url.*\}/u, 'https://login.example.com/jwks'),
    ['9: issuers.corporate.jwks: must be {url: URL} or {file: PATH}: where its public keys are'],
  ],
  [
    'a file of keys that is not there',
    least.replace(/\{ url.*\}/u, '{ file: gone.json }'),
    [
      '9: issuers.corporate.jwks: the file gone.json is empty or cannot be read. Paths begin at the folder of this file',
    ],
  ],
  [
    'keys by another protocol',
    least.replace('https://login.example.com/jwks', 'file:///etc/keys'),
    ['9: issuers.corporate.jwks.url: must be an http:// or https:// URL'],
  ],
  ['any tenant', `${least}    tenants: ["*"]\n`, ['11: issuers.corporate.tenants.0: is not the id of a tenant']],
  [
    'clocks that differ by an hour',
    `${least}    clockTolerance: 3600\n`,
    ['11: issuers.corporate.clockTolerance: must be seconds, from 0 to 300'],
  ],
  [
    'one issuer twice',
    least + least.replace('corporate', 'again'),
    ['12: issuers.again.issuer: is the issuer of "corporate" too. Keep one'],
  ],
])('%s is refused at its line', (_name, issuers, problems) => {
  const made = read(issuers);
  expect(made.kind === 'faulty' ? made.problems : []).toEqual(problems.map((problem) => `gateway.yaml:${problem}`));
});

test('keys that come over http are warned of, unless from this machine', () => {
  const warningsOf = (url: string) => {
    const made = read(least.replace('https://login.example.com/jwks', url));
    return made.kind === 'valid' ? made.warnings : made.problems;
  };
  expect(warningsOf('http://127.0.0.1:9000/jwks')).toEqual([]);
  expect(warningsOf('http://keycloak:8080/jwks?x=y')).toEqual([
    'gateway.yaml:9: issuers.corporate.jwks: is fetched over http: whoever is on the way there can make tokens. Use https',
  ]);
});
