import { expect, test } from 'vitest';

import type { Values } from './support/chart.ts';
import { chartSuite } from './support/chart-suite.ts';

const toolsOf = chartSuite();

const vllm = { dialect: 'openai-chat', baseUrl: 'http://vllm' };

/** Workers of a gateway that takes batches. */
const workers = (worker: object): Values => ({
  variables: { PUBLIC_BASE_URL: 'https://claude.example.com' },
  worker: { enabled: true, ...worker },
});

/** What is wrong with the values, whose installation it is added to, and what helm says. */
const refusals: readonly (readonly [fault: string, values: Values, sentence: unknown])[] = [
  ['an unknown key', { gatway: {} }, "- at '': additional properties 'gatway' not allowed"],
  [
    'an unknown key below others',
    { gateway: { autoscaling: { minReplica: 3 } } },
    "- at '/gateway/autoscaling': additional properties 'minReplica' not allowed",
  ],
  [
    'no pepper',
    { keys: { existingSecret: '' } },
    '- keys.existingSecret is required: the Secret that holds KEY_PEPPER. Make one: kubectl -n claude create secret ' +
      'generic ccg-keys --from-literal=KEY_PEPPER=$(openssl rand -hex 32)',
  ],
  [
    'no token of the operators',
    { admin: { existingSecret: '' } },
    '- admin.existingSecret is required: the Secret whose key token is the token of the operators. Make one: kubectl -n ' +
      'claude create secret generic ccg-admin --from-literal=token=$(openssl rand -hex 32). Or set admin.enabled to false.',
  ],
  [
    'an ingress without a host',
    { trustProxy: ['10.244.0.0/16'], gateway: { ingress: { enabled: true } } },
    '- gateway.ingress.host is required: the host name that clients use.',
  ],
  [
    'an ingress of the admin API without TLS',
    { trustProxy: ['10.244.0.0/16'], admin: { ingress: { enabled: true, host: 'admin.example.com' } } },
    '- admin.ingress.tlsSecret is required: operators would send their token in plain text. Name a Secret with a ' +
      'certificate of the host.',
  ],
  ...(['ingress', 'httpRoute'] as const).map(
    (way) =>
      [
        `an ${way} without the addresses of its proxy`,
        { gateway: { [way]: { enabled: true } } },
        '- trustProxy is required with an ingress or a route: without it all clients have the address of the proxy, and bad ' +
          "credentials of one slow down all. Set it to the addresses of the proxy's pods, such as [10.244.0.0/16].",
      ] as const,
  ),
  [
    'a route without a Gateway',
    { trustProxy: ['10.244.0.0/16'], gateway: { httpRoute: { enabled: true } } },
    '- gateway.httpRoute.parentRefs is required: the Gateways that the route belongs to, such as ' +
      '[{name: public, namespace: gateways}].',
  ],
  [
    'a peer that is nobody',
    { networkPolicy: { egress: { vllm: { ports: [8000], to: [{}] } } } },
    '- networkPolicy.egress.vllm.to: a peer needs cidr, namespace or podLabels.',
  ],
  ...[{ path: '/etc/x' }, { path: '/etc/x', secret: 'x', configMap: 'x' }].flatMap((mount) =>
    (
      [
        ['mounts[0]', { mounts: [mount] }],
        ['gateway.mounts[1]', { gateway: { mounts: [{ path: '/etc/y', secret: 'y' }, mount] } }],
      ] as const
    ).map(
      ([place, values]) =>
        [
          `${JSON.stringify(mount)} as ${place}`,
          values,
          `- ${place} needs either secret or configMap, whose keys are the files.`,
        ] as const,
    ),
  ),
  [
    'tenants that nobody would bring into Redis',
    { admin: { enabled: false }, config: { tenants: { team: { name: 'Our team', allowlist: { models: ['*'] } } } } },
    '- config.tenants needs the admin API, which brings them into Redis. Set admin.enabled to true, or remove ' +
      'config.tenants.',
  ],
  ...['10.0.0.0/99', '999.0.0.0/8', '10.0.0/8', 'fd00::/129'].map(
    (range) =>
      [
        `${range} as a proxy`,
        { trustProxy: [range] },
        expect.stringMatching(/^- at '\/trustProxy\/0': '.*' does not match pattern/u),
      ] as const,
  ),
  [
    'no Redis',
    { redis: { existingSecret: '' } },
    '- There is no Redis. Set redis.existingSecret (a Secret whose key REDIS_URL holds the URL), redis.url, ' +
      'redis.clusterNodes, redis.sentinels or redis.builtIn.',
  ],
  [
    'two Redis',
    { redis: { url: 'redis://redis.data:6379' } },
    '- There are several Redis: redis.existingSecret, redis.url. Keep one of them.',
  ],
  [
    'a Redis of its own beside another',
    { redis: { passwordSecret: 'ccg-redis', builtIn: { enabled: true } } },
    '- There are several Redis: redis.existingSecret, redis.builtIn. Keep one of them.',
  ],
  [
    'a Redis of its own without a password',
    { redis: { existingSecret: '', builtIn: { enabled: true } } },
    '- redis.passwordSecret is required with redis.builtIn: the Secret whose key password is its password. Make one: ' +
      'kubectl -n claude create secret generic ccg-redis --from-literal=password=$(openssl rand -hex 32)',
  ],
  ...(
    [
      ['url', 'REDIS_URL', 'redis://:secret@redis.data:6379'],
      ['url', 'REDIS_URL', 'redis://redis.data?password=secret'],
      ['url', 'REDIS_URL', 'redis://redis.data/0?db=1&username=secret'],
      ['clusterNodes', 'REDIS_CLUSTER_NODES', ['redis://:secret@redis.data:6379']],
      ['sentinels', 'REDIS_SENTINELS', ['redis://:secret@redis.data:26379']],
    ] as const
  ).map(
    ([name, key, value]) =>
      [
        `a password in redis.${name} such as ${String(value)}`,
        { redis: { existingSecret: '', sentinelName: 'main', [name]: value } },
        `- redis.${name} holds a user or a password. Put it under the key ${key} into a Secret, and name that in ` +
          'redis.existingSecret.',
      ] as const,
  ),
  ...(
    [
      ['600mb', '512Mi'],
      ['512mb', 536_870_912],
      ['2gb', '2G'],
    ] as const
  ).map(
    ([maxMemory, memory]) =>
      [
        `${maxMemory} of data in ${memory}`,
        {
          redis: {
            existingSecret: '',
            passwordSecret: 'ccg-redis',
            builtIn: { enabled: true, maxMemory, resources: { limits: { memory } } },
          },
        },
        '- redis.builtIn.maxMemory must be below redis.builtIn.resources.limits.memory: Kubernetes would end Redis ' +
          'before it refuses a write.',
      ] as const,
  ),
  [
    'Sentinels without the name of the primary',
    { redis: { existingSecret: '', sentinels: ['redis://sentinel.data:26379'] } },
    '- redis.sentinelName is required with redis.sentinels: the name that the Sentinels have for the primary.',
  ],
  [
    'the name of a primary without Sentinels',
    { redis: { sentinelName: 'main' } },
    '- redis.sentinelName is used with redis.sentinels alone. Set that too, or remove redis.sentinelName.',
  ],
  [
    'a certificate of ours that is nowhere',
    { redis: { clientCertificate: true } },
    '- redis.tlsSecret is required with redis.clientCertificate: the Secret with ca.crt, tls.crt and tls.key.',
  ],
  [
    'certificates for a Redis without TLS',
    { redis: { existingSecret: '', url: 'redis://redis.data:6379', tlsSecret: 'redis-tls' } },
    '- redis.tlsSecret is for TLS alone. Write rediss:// in the URLs of Redis, or remove redis.tlsSecret.',
  ],
  [
    'nodes of a cluster of which one is without TLS',
    { redis: { existingSecret: '', clusterNodes: ['rediss://redis-0:6379', 'redis://redis-1:6379'] } },
    '- redis.clusterNodes has URLs with redis:// and with rediss://. Write one of them in all.',
  ],
  [
    'Sentinels of which one is without TLS',
    { redis: { existingSecret: '', sentinelName: 'main', sentinels: ['redis://one:26379', 'rediss://two:26379'] } },
    '- redis.sentinels has URLs with redis:// and with rediss://. Write one of them in all.',
  ],
  [
    'certificates for a Redis of its own',
    { redis: { existingSecret: '', passwordSecret: 'ccg-redis', tlsSecret: 'redis-tls', builtIn: { enabled: true } } },
    '- redis.tlsSecret is not for redis.builtIn, which speaks no TLS. Remove it.',
  ],
  [
    'a password of the proxy as a variable',
    { variables: { HTTPS_PROXY: 'http://user:secret@proxy:3128' } },
    '- variables.HTTPS_PROXY holds a user or a password. Put it under the key HTTPS_PROXY into the Secret that ' +
      'keys.existingSecret names, and remove it here.',
  ],
  [
    'a credential in gateway.yaml',
    { config: { providers: { vllm: { ...vllm, credential: 'secret' } } } },
    '- config.providers.vllm.credential is a secret. Put it into the Secret that credentials.existingSecret names, and ' +
      'refer to its key by {env: NAME}.',
  ],
  ...['Authorization', 'x-portkey-api-key', 'Ocp-Apim-Subscription-Key', 'Helicone-Auth', 'apikey'].map(
    (header) =>
      [
        `the header ${header} with a secret in gateway.yaml`,
        { config: { providers: { vllm: { ...vllm, headers: { [header]: 'secret' } } } } },
        `- config.providers.vllm.headers.${header} is a secret. Put it into the Secret that credentials.existingSecret ` +
          'names, and refer to its key by {env: NAME}.',
      ] as const,
  ),
  ...['https://user:secret@vllm/v1', 'https://vllm/v1?api-key=secret'].flatMap((url) =>
    (
      [
        ['config.providers.vllm.baseUrl', { config: { providers: { vllm: { ...vllm, baseUrl: url } } } }],
        ['gateway.variables.OPENAI_BASE_URL', { gateway: { variables: { OPENAI_BASE_URL: url } } }],
      ] as const
    ).map(
      ([place, values]) =>
        [
          `${url} in ${place}`,
          values,
          `- ${place} holds a user, a password or a query. Remove it there. The credential of a provider belongs into ` +
            'the Secret that credentials.existingSecret names.',
        ] as const,
    ),
  ),
  [
    'one port for clients and probes',
    { gateway: { variables: { PORT: 4002 } } },
    '- gateway.variables.PORT and OPS_PORT must differ: the one is for clients, the other for probes and metrics.',
  ],
  [
    'too little time to drain',
    { gateway: { terminationGracePeriodSeconds: 594 } },
    '- gateway.terminationGracePeriodSeconds is too short: streams would be cut. Set it to 595 or more ' +
      '(DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS + 15 s), or lower DRAIN_TIMEOUT_MS.',
  ],
  [
    'too little time for the drain that is the default of the gateway',
    { gateway: { variables: { DRAIN_TIMEOUT_MS: null } } },
    '- gateway.terminationGracePeriodSeconds is too short: streams would be cut. Set it to 625 or more ' +
      '(DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS + 15 s), or lower DRAIN_TIMEOUT_MS.',
  ],
  [
    'too little time for the items of a worker',
    { ...workers({}), worker: { enabled: true, terminationGracePeriodSeconds: 114 } },
    '- worker.terminationGracePeriodSeconds is too short: items would be cut. Set it to 115 or more ' +
      '(DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS + 15 s), or lower DRAIN_TIMEOUT_MS.',
  ],
  [
    'workers of a gateway that takes no batches',
    { worker: { enabled: true } },
    '- variables.PUBLIC_BASE_URL is required with worker.enabled: the URL at which clients reach the gateway, such as ' +
      'https://claude.example.com. Without it the gateway takes no batches.',
  ],
  [
    'batches that nobody would run',
    { variables: { PUBLIC_BASE_URL: 'https://claude.example.com' } },
    '- variables.PUBLIC_BASE_URL lets the gateway take batches, which nobody would run. Set worker.enabled to true, or ' +
      'remove variables.PUBLIC_BASE_URL.',
  ],
  [
    'batches in a directory',
    { variables: { BATCH_STORE: 'directory', BATCH_DIR: '/tmp/batches' } },
    '- variables.BATCH_STORE is directory, which pods do not share. Set it to s3, or to redis for batches of up to 16 MB.',
  ],
  [
    'S3 without a bucket',
    { variables: { BATCH_STORE: 's3' } },
    '- variables.BATCH_S3_BUCKET is required with BATCH_STORE: s3: the bucket for the inputs and results of batches.',
  ],
  [
    'a password in the URL of S3',
    { variables: { BATCH_S3_ENDPOINT: 'https://user:secret@minio:9000' } },
    '- variables.BATCH_S3_ENDPOINT holds a user or a password. Remove it there, and name in batches.existingSecret the ' +
      'Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  ],
  [
    'KEDA beside another autoscaler',
    workers({ keda: { enabled: true, serverAddress: 'http://prometheus:9090' }, autoscaling: { enabled: true } }),
    '- worker.keda and worker.autoscaling both choose the number of pods. Set one of them to enabled: false.',
  ],
  [
    'KEDA without a Prometheus',
    workers({ keda: { enabled: true } }),
    '- worker.keda.serverAddress is required with worker.keda: the URL of the Prometheus that reads the metrics, such as ' +
      'http://prometheus-operated.monitoring:9090.',
  ],
  [
    'more workers at least than at most',
    workers({ keda: { enabled: true, serverAddress: 'http://prometheus:9090', minReplicas: 11 } }),
    '- worker.keda.minReplicas is above maxReplicas.',
  ],
  [
    'no worker at times, and nobody who would tell that one is needed',
    {
      ...workers({ keda: { enabled: true, serverAddress: 'http://prometheus:9090', minReplicas: 0 } }),
      admin: { enabled: false },
    },
    '- worker.keda.minReplicas is 0, and without the admin API nobody tells the backlog while no worker runs. Set ' +
      'admin.enabled to true, or worker.keda.minReplicas to 1.',
  ],
  [
    'more pods at least than at most',
    { gateway: { autoscaling: { minReplicas: 11 } } },
    '- gateway.autoscaling.minReplicas is above maxReplicas.',
  ],
  [
    'autoscaling by a CPU that is not requested',
    { gateway: { resources: { requests: { cpu: null } } } },
    '- gateway.resources.requests.cpu is required while gateway.autoscaling.enabled is true: cpuUtilization is a share ' +
      'of it.',
  ],
];

test.for(refusals)('helm refuses %s, and says what to do', async ([, values, sentence], context) => {
  const { chart } = toolsOf(context);
  const refusal = await chart.refusal('minimal', { values });
  expect(refusal.split('\n')).toContainEqual(sentence);
  expect(refusal).not.toMatch(/(?<!\w)secret@|[=:]secret|'secret'/u);
});

test('helm refuses more pods at least than at most by --set too', async (context) => {
  const { chart } = toolsOf(context);
  const lines = (await chart.refusal('minimal', { set: 'gateway.autoscaling.minReplicas=11' })).split('\n');
  expect(lines).toContain('- gateway.autoscaling.minReplicas is above maxReplicas.');
});

test('helm names all that is wrong at once, and no secret', async (context) => {
  const { chart } = toolsOf(context);
  const values = { gateway: { variables: { ANTHROPIC_API_KEY: 'sk-ant-secret' }, terminationGracePeriodSeconds: 60 } };
  const refusal = await chart.refusal(undefined, { values });
  expect(refusal.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(5);
  expect(refusal).not.toContain('sk-ant-secret');
});

test('helm refuses a cluster that is older than 1.27', async (context) => {
  const { chart } = toolsOf(context);
  expect(await chart.refusal('minimal', { kubeVersion: '1.26.9' })).toContain(
    'chart requires kubeVersion: >=1.27.0-0 which is incompatible with Kubernetes v1.26.9',
  );
});
