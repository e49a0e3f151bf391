import { describe, expect, test } from 'vitest';

import { installations, kubeVersions } from './support/chart.ts';
import type { RenderedObject, Values } from './support/chart.ts';
import { chartSuite } from './support/chart-suite.ts';

const toolsOf = chartSuite();

describe.each(installations)('ci/%s-values.yaml', (installation) => {
  test('passes helm lint --strict', async (context) => {
    const { chart } = toolsOf(context);
    expect(await chart.lint(installation)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test('gives the objects of its golden file, the same ones on every supported version of Kubernetes', async (context) => {
    const { chart } = toolsOf(context);
    const [objects = [], ...others] = await Promise.all(
      kubeVersions.map((kubeVersion) => chart.render(installation, { kubeVersion })),
    );
    for (const other of others) expect(other).toEqual(objects);
    const golden = goldenText(objects, installation === 'minimal' ? [] : await chart.render('minimal'));
    await expect(golden).toMatchFileSnapshot(`fixtures/${installation}.yaml`);
  });

  test('gives objects that every supported version of Kubernetes takes, without an unknown field', async (context) => {
    const { chart, validate } = toolsOf(context);
    const objects = await chart.render(installation);
    expect(await validate(objects.map(({ object }) => object))).toEqual([]);
  });
});

describe('the check of objects', () => {
  test('finds one unknown field', async (context) => {
    const { chart, validate } = toolsOf(context);
    const objects = await chart.render('minimal');
    const service = objects.find(({ name }) => name === 'Service/ccg-gateway')?.object;
    if (service === undefined) throw new Error('There is no Service.');
    const misspelt = { ...service, spec: { ...Object(service['spec']), sessionAffinty: 'None' } };
    const problems = await validate([...objects.map(({ object }) => object), misspelt]);
    const versions = kubeVersions.map((version) =>
      expect.stringMatching(
        new RegExp(`^Service/ccg-gateway at ${version}: "spec: .*'sessionAffinty' was unexpected`, 'u'),
      ),
    );
    expect(problems).toEqual(versions);
  });
});

describe('the pods', () => {
  test.for<[name: string, values: Values, components: readonly string[]]>([
    ['gateway.yaml', { config: { models: { fast: 'anthropic:claude-haiku-4-5' } } }, ['gateway', 'worker', 'admin']],
    ['a variable of all components', { variables: { RATE_LIMIT_RPM: 100 } }, ['gateway', 'worker', 'admin']],
    ['how providers are asked', { gateway: { variables: { BIG_MODEL: 'anthropic:opus' } } }, ['gateway', 'worker']],
    ['a port of the gateway', { gateway: { variables: { PORT: 8080 } } }, ['gateway']],
    ['a variable of one', { worker: { variables: { WORKER_SLOTS: 8 } } }, ['worker']],
    ['what concerns no pod', { gateway: { service: { port: 80 }, autoscaling: { maxReplicas: 20 } } }, []],
  ])('are replaced after a change of %s, those whom it concerns', async ([, values, components], context) => {
    const { chart } = toolsOf(context);
    const [before, after] = await Promise.all([chart.render('workers'), chart.render('workers', { values })]);
    const podsOf = (objects: readonly RenderedObject[], component: string): string =>
      JSON.stringify(objects.find(({ name }) => name === `Deployment/ccg-${component}`)?.object['spec']);
    const changed = ['gateway', 'worker', 'admin'].filter(
      (component) => podsOf(before, component) !== podsOf(after, component),
    );
    expect(changed).toEqual(components);
  });
});

test.for<Values>([
  { url: 'rediss://redis:6379' },
  { clusterNodes: ['rediss://redis:6379', 'rediss://my-redis:6379'] },
  { sentinels: ['rediss://redis:26379'], sentinelName: 'main' },
])('a Redis that is called redis may have TLS: %o', async (source, context) => {
  const { chart } = toolsOf(context);
  const redis = { existingSecret: '', tlsSecret: 'redis-tls', ...source };
  const objects = await chart.render('minimal', { values: { redis } });
  const variables = objects.find(({ name }) => name === 'ConfigMap/ccg-gateway-variables')?.object;
  expect(variables).toHaveProperty(['data', 'REDIS_CA_FILE'], '/etc/ccg/redis-tls/ca.crt');
});

test.for<[set: string, kind: string, field: string, value: number]>([
  ['gateway.autoscaling.minReplicas=3', 'HorizontalPodAutoscaler', 'minReplicas', 3],
  ['gateway.autoscaling.maxReplicas=20', 'HorizontalPodAutoscaler', 'maxReplicas', 20],
  ['gateway.replicas=5,gateway.autoscaling.enabled=false', 'Deployment', 'replicas', 5],
])('--set %s changes a number alone', async ([set, kind, field, value], context) => {
  const { chart } = toolsOf(context);
  const objects = await chart.render('minimal', { set });
  const changed = objects.find(({ name }) => name === `${kind}/ccg-gateway`)?.object;
  expect(changed).toHaveProperty(['spec', field], value);
});

test('a gateway that ends its streams at once needs little time to end', async (context) => {
  const { chart } = toolsOf(context);
  const gateway = { variables: { DRAIN_TIMEOUT_MS: 0 }, terminationGracePeriodSeconds: 25 };
  const objects = await chart.render('minimal', { values: { gateway } });
  const deployment = objects.find(({ name }) => name === 'Deployment/ccg-gateway')?.object;
  expect(deployment).toHaveProperty('spec.template.spec.terminationGracePeriodSeconds', 25);
});

test.for<[source: Values, ports: readonly number[]]>([
  [{ url: 'redis://redis.data:6380' }, [6379, 6380]],
  [{ url: 'rediss://[fd00::1]:6380/2' }, [6379, 6380]],
  [{ url: 'redis://redis.data' }, [6379]],
  [{ clusterNodes: ['redis://redis-0:7000', 'redis://redis-1:7001', 'redis://redis-2'] }, [6379, 7000, 7001]],
  [{ sentinels: ['redis://one', 'redis://two:5000'], sentinelName: 'main' }, [6379, 26379, 5000]],
])(
  'policies let gateway and admin reach the ports that the values name for Redis: %o',
  async ([source, ports], context) => {
    const { chart } = toolsOf(context);
    const objects = await chart.render('minimal', { values: { redis: { existingSecret: '', ...source } } });
    for (const component of ['gateway', 'admin']) {
      const policy = objects.find(({ name }) => name === `NetworkPolicy/ccg-${component}`)?.object;
      const rule = { ports: ports.map((port) => ({ port, protocol: 'TCP' })) };
      expect(policy).toHaveProperty('spec.egress', expect.arrayContaining([rule]));
    }
  },
);

test('labels and annotations of an operator do not replace those of the chart', async (context) => {
  const { chart } = toolsOf(context);
  const podLabels = { 'app.kubernetes.io/component': 'other', team: 'platform' };
  const podAnnotations = { 'checksum/config': 'other', owner: 'platform' };
  const objects = await chart.render('minimal', { values: { gateway: { podLabels, podAnnotations } } });
  const deployment = objects.find(({ name }) => name === 'Deployment/ccg-gateway')?.object;
  expect(deployment).toHaveProperty(
    ['spec', 'template', 'metadata', 'labels'],
    expect.objectContaining({ 'app.kubernetes.io/component': 'gateway', team: 'platform' }),
  );
  expect(deployment).toHaveProperty(
    ['spec', 'template', 'metadata', 'annotations'],
    expect.objectContaining({ 'checksum/config': expect.stringMatching(/^[\da-f]{64}$/u), owner: 'platform' }),
  );
});

describe('the workers', () => {
  test('are as many as KEDA says, which asks for the backlog of the namespace, and not of what is unknown', async (context) => {
    const { chart } = toolsOf(context);
    const objects = await chart.render('workers');
    expect(objects.find(({ name }) => name === 'Deployment/ccg-worker')?.object).not.toHaveProperty('spec.replicas');
    const scaled = objects.find(({ name }) => name === 'ScaledObject/ccg-worker')?.object;
    expect(scaled).toMatchObject({
      spec: {
        scaleTargetRef: { name: 'ccg-worker' },
        minReplicaCount: 0,
        fallback: { replicas: 2 },
        triggers: [
          { metadata: { query: 'max(ccg_batch_backlog_items{namespace="claude"})', ignoreNullValues: 'false' } },
        ],
      },
    });
  });

  test('are reached by nobody but who reads their metrics', async (context) => {
    const { chart } = toolsOf(context);
    const objects = await chart.render('workers');
    const services = objects.flatMap(({ name, object }) => (object.kind === 'Service' ? [name] : []));
    expect(services.filter((name) => name.includes('worker'))).toEqual(['Service/ccg-worker-ops']);
    const policy = objects.find(({ name }) => name === 'NetworkPolicy/ccg-worker')?.object;
    expect(policy).toHaveProperty('spec.ingress', [expect.objectContaining({ ports: [{ port: 'ops' }] })]);
  });

  test('and the gateway get the credentials of the bucket and those of providers; the admin API gets neither', async (context) => {
    const { chart } = toolsOf(context);
    const objects = await chart.render('workers');
    const texts = ['gateway', 'worker', 'admin'].map((component) =>
      JSON.stringify(objects.find(({ name }) => name === `Deployment/ccg-${component}`)?.object),
    );
    for (const secret of ['ccg-bucket', 'ccg-providers']) {
      expect(texts.map((text) => text.includes(secret))).toEqual([true, true, false]);
    }
  });
});

describe('the notes', () => {
  test.for([
    ['minimal', 'http://127.0.0.1:4000', 'kubectl -n claude port-forward service/ccg-gateway 4000:4000'],
    [
      'ingress',
      'https://claude.example.com',
      "kubectl -n claude exec deployment/ccg-admin -- ccg keys create 'first key'",
    ],
    ['route', 'https://claude.example.com', 'A developer needs two lines:'],
  ] as const)('of ci/%s-values.yaml give the two lines of a developer with %s', async ([name, url, line], context) => {
    const { chart } = toolsOf(context);
    const notes = await chart.notes(name);
    const expected = [`  export ANTHROPIC_BASE_URL=${url}`, '  export ANTHROPIC_AUTH_TOKEN=...   # an API key'];
    expect(notes.split('\n').filter((text) => text.includes('export'))).toEqual(expected);
    expect(notes).toContain(line);
  });
});

test.for<[values: Values, url: string, hint: string]>([
  [{ httpRoute: { hostnames: [] } }, 'https://HOST', 'HOST stands for a host name of the Gateway'],
  [
    { httpRoute: { hostnames: ['*.example.com'] } },
    'https://HOST.example.com',
    'HOST stands for a name of your choice',
  ],
  [
    { httpRoute: { enabled: false }, ingress: { enabled: true, host: '*.example.com', tlsSecret: 'certificate' } },
    'https://HOST.example.com',
    'HOST stands for a name of your choice',
  ],
])('the notes with %o say what is left open of the host', async ([gateway, url, hint], context) => {
  const { chart } = toolsOf(context);
  const notes = await chart.notes('route', { gateway });
  expect(notes).toContain(`  export ANTHROPIC_BASE_URL=${url}\n`);
  expect(notes).toContain(hint);
  expect(notes).not.toContain('port-forward');
});

test('a name that reads as a number, a switch or an alias stays a text', async (context) => {
  const { chart, validate } = toolsOf(context);
  const mounts = [{ secret: '123', path: '/etc/x #y' }];
  const egress = { vllm: { ports: [8000], to: [{ namespace: '1' }, { cidr: '::/0' }] } };
  const ingress = { enabled: true, className: 'yes', host: '*.example.com', tlsSecret: '1e3' };
  const gateway = { ingress, mounts, priorityClassName: 'null', topologySpread: ['on'] };
  const admin = { existingSecret: 'true', ingress: { ...ingress, host: '123' } };
  const objects = await chart.render('built-in-redis', {
    values: {
      image: { pullSecrets: ['123'] },
      keys: { existingSecret: '123' },
      credentials: { existingSecret: '0x1' },
      redis: { passwordSecret: '123', builtIn: { storageClassName: 'null', priorityClassName: '1' } },
      trustProxy: ['::1'],
      test: { existingSecret: '123' },
      networkPolicy: { egress },
      gateway,
      admin,
    },
  });
  expect(await validate(objects.map(({ object }) => object))).toEqual([]);
  const route = objects.find(({ name }) => name === 'Ingress/ccg-gateway')?.object;
  expect(route).toHaveProperty('spec.rules.0.host', '*.example.com');
});

/**
 * Objects that are those of the minimal installation are named alone: a golden file is read, not only compared. Checksums
 * are left out, since they differ for every value.
 */
function goldenText(objects: readonly RenderedObject[], known: readonly RenderedObject[]): string {
  const same = new Set(known.map(textOf));
  const others = objects.filter((object) => same.has(textOf(object)));
  const names = others.map(({ name }) => `#   ${name}\n`).join('');
  const head = others.length === 0 ? '' : `# As in minimal.yaml:\n${names}`;
  const shown = objects.filter((object) => !same.has(textOf(object)));
  return `${head}${shown.map((object) => `---\n${textOf(object)}`).join('')}`;
}

const textOf = ({ text }: RenderedObject): string => text.replace(/(?<=checksum\/config: )[\da-f]{64}/u, '(SHA-256)');
