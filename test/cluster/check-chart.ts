import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { chartFolder, installations } from '../chart/support/chart.ts';
import type { ChartTools } from '../chart/support/chart-tools.ts';
import { mustRun, runProgram } from '../chart/support/run-program.ts';
import type { Cluster } from './start-cluster.ts';

const namespace = 'claude';
const settleTimeoutMs = 60_000;

/** The chart on a real control plane, in a namespace that lets in restricted pods alone. Throws what is wrong. */
export async function checkChart({ helm, kubectl }: ChartTools, { kubeconfig }: Cluster): Promise<void> {
  const env = { KUBECONFIG: kubeconfig, HELM_NAMESPACE: namespace };
  const kube = (args: readonly string[], input?: string) =>
    runProgram(kubectl, ['-n', namespace, ...args], { env, input: input ?? '' });
  await makeNamespace(kubectl, kubeconfig);

  const bare = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'root' },
    spec: { containers: [{ name: 'root', image: 'x' }] },
  });
  const refused = await kube(['apply', '-f', '-'], bare);
  expect(
    refused.stderr.includes('violates PodSecurity "restricted:latest"'),
    'a pod without restrictions is let in',
    refused,
  );
  say('a pod without restrictions is refused: PodSecurity "restricted:latest"');

  for (const installation of installations) {
    const { stdout: objects } = await mustRun(
      helm,
      ['template', 'ccg', chartFolder, '--values', valuesOf(installation)],
      {
        env,
      },
    );
    const dryRun = await kube(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], objects);
    expect(dryRun.code === 0, `ci/${installation}-values.yaml is not taken`, dryRun);
    expect(!/warning/iu.test(dryRun.stderr), `ci/${installation}-values.yaml is taken with warnings`, dryRun);
    say(
      `ci/${installation}-values.yaml: ${dryRun.stdout.trim().split('\n').length} objects are taken, without a warning`,
    );
    const misspelt = objects.replace('terminationGracePeriodSeconds', 'terminationGracePeriodSecond');
    const strict = await kube(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], misspelt);
    expect(
      strict.stderr.includes('unknown field "spec.template.spec.terminationGracePeriodSecond"'),
      'an unknown field is taken',
      strict,
    );
  }
  say('an unknown field is refused in each of them');

  for (const installation of installations) {
    const release = ['ccg', chartFolder, '--values', valuesOf(installation)];
    await mustRun(helm, ['install', ...release], { env });
    say(`helm install with ci/${installation}-values.yaml: ${await settled(kubectl, env)}`);
    await mustRun(helm, ['upgrade', ...release, '--set', 'logLevel=debug'], { env });
    say(`helm upgrade --set logLevel=debug: ${await settled(kubectl, env)}`);
    await mustRun(helm, ['rollback', 'ccg'], { env });
    say(`helm rollback: ${await settled(kubectl, env)}`);
    await mustRun(helm, ['uninstall', 'ccg'], { env });
    await mustRun(kubectl, ['delete', 'pods,replicasets', '--all', '--now', '-n', namespace], { env });
  }
}

const valuesOf = (installation: string): string => `${chartFolder}ci/${installation}-values.yaml`;

/** A namespace that lets in restricted pods alone, and what the installations name of the cluster. */
async function makeNamespace(kubectl: string, kubeconfig: string): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
  ];
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await mustRun(kubectl, ['--kubeconfig', kubeconfig, 'apply', '-f', '-'], { input: list });
  const account = ['--kubeconfig', kubeconfig, '-n', namespace, 'get', 'serviceaccount', 'default'];
  while ((await runProgram(kubectl, account)).code !== 0) await sleep(200);
}

const listOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });
const metadata = z.object({ name: z.string(), generation: z.number() });
const deployment = z.object({
  kind: z.literal('Deployment'),
  metadata,
  status: z.object({ observedGeneration: z.number().default(0), updatedReplicas: z.number().default(0) }),
});
const owner = z.object({
  kind: z.enum(['ReplicaSet', 'StatefulSet']),
  metadata,
  spec: z.object({ replicas: z.number() }),
  status: z.object({ replicas: z.number().default(0) }),
});
const controlled = listOf(z.discriminatedUnion('kind', [deployment, owner]));
const event = z.object({ reason: z.string().optional(), message: z.string().optional() });

/** Waits until every ReplicaSet and StatefulSet has made its pods, and gives what there is. No event may say that one could not. */
async function settled(kubectl: string, env: Readonly<Record<string, string>>): Promise<string> {
  const list = async (kinds: string): Promise<unknown> =>
    JSON.parse((await mustRun(kubectl, ['-n', namespace, 'get', kinds, '-o', 'json'], { env })).stdout);
  const deadline = Date.now() + settleTimeoutMs;
  for (;;) {
    const { items } = controlled.parse(await list('deployments,replicasets,statefulsets'));
    const { items: events } = listOf(event).parse(await list('events'));
    const failed = events.find(({ reason }) => reason === 'FailedCreate');
    if (failed !== undefined) throw new Error(`FailedCreate: ${failed.message}`);
    const behind = items.filter((item) => !isDone(item));
    if (items.length > 0 && behind.length === 0) return items.flatMap(podsOf).join(', ');
    if (Date.now() > deadline) throw new Error(`No pods were made: ${JSON.stringify(behind)}`);
    await sleep(500);
  }
}

type Controlled = z.infer<typeof controlled>['items'][number];

/** Whether the last change has been acted on. */
function isDone(item: Controlled): boolean {
  if (item.kind !== 'Deployment') return item.spec.replicas === item.status.replicas;
  return item.status.observedGeneration === item.metadata.generation && item.status.updatedReplicas > 0;
}

function podsOf(item: Controlled): readonly string[] {
  if (item.kind === 'Deployment') return [];
  const {
    kind,
    metadata: { name },
    status: { replicas },
  } = item;
  return [`${kind}/${name} ${replicas} ${replicas === 1 ? 'pod' : 'pods'}`];
}

function expect(
  isTrue: boolean,
  fault: string,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): void {
  if (!isTrue) throw new Error(`The chart: ${fault}.\n${stdout}${stderr}`);
}

function say(line: string): void {
  console.log(`✓ ${line}`);
}
