import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { chartFolder, installations } from '../chart/support/chart.ts';
import type { ChartTools } from '../chart/support/chart-tools.ts';
import { mustRun, runProgram } from '../chart/support/run-program.ts';
import type { ProgramRun } from '../chart/support/run-program.ts';
import type { Cluster } from './start-cluster.ts';

const namespace = 'claude';
const settleTimeoutMs = 60_000;

/** The chart on a real control plane, in a namespace that lets in restricted pods alone. Throws what is wrong. */
export async function checkChart({ helm, kubectl }: ChartTools, { kubeconfig }: Cluster): Promise<void> {
  const env = { KUBECONFIG: kubeconfig, HELM_NAMESPACE: namespace };
  const programs: Programs = {
    env,
    kubectl,
    helm: async (args) => (await mustRun(helm, args, { env })).stdout,
    dryRun: (objects) => {
      const args = ['-n', namespace, 'apply', '--dry-run=server', '--validate=strict', '-f', '-'];
      return runProgram(kubectl, args, { env, input: objects });
    },
  };
  await makeNamespace(kubectl, kubeconfig);
  const refused = await programs.dryRun(JSON.stringify(unrestricted));
  expect(refused.stderr.includes('violates PodSecurity "restricted:latest"'), 'an unrestricted pod is let in', refused);
  say('a pod without restrictions is refused: PodSecurity "restricted:latest"');
  for (const installation of installations) await checkObjects(programs, installation);
  for (const installation of installations) await checkRelease(programs, installation);
}

interface Programs {
  readonly env: Readonly<Record<string, string>>;
  readonly kubectl: string;
  /** Throws where helm fails. */
  readonly helm: (args: readonly string[]) => Promise<string>;
  /** What the server says of objects, of which it keeps none. */
  readonly dryRun: (objects: string) => Promise<ProgramRun>;
}

const unrestricted = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'root' },
  spec: { containers: [{ name: 'root', image: 'x' }] },
};

/** Every object is taken without a warning, and none with an unknown field. */
async function checkObjects({ helm, dryRun }: Programs, installation: string): Promise<void> {
  // The pod of the test needs the ServiceAccount, which a dry run does not make.
  const objects = await helm(['template', 'ccg', chartFolder, '--values', valuesOf(installation), '--skip-tests']);
  const taken = await dryRun(objects);
  expect(taken.code === 0, `ci/${installation}-values.yaml is not taken`, taken);
  expect(!/warning/iu.test(taken.stderr), `ci/${installation}-values.yaml is taken with warnings`, taken);
  const strict = await dryRun(objects.replace('terminationGracePeriodSeconds', 'terminationGracePeriodSecond'));
  const fault = 'unknown field "spec.template.spec.terminationGracePeriodSecond"';
  expect(strict.stderr.includes(fault), 'an unknown field is taken', strict);
  const count = taken.stdout.trim().split('\n').length;
  say(
    `ci/${installation}-values.yaml: ${count} objects are taken without a warning, and refused with an unknown field`,
  );
}

/** Pods are made after an installation, an upgrade and a rollback. */
async function checkRelease({ helm, dryRun, kubectl, env }: Programs, installation: string): Promise<void> {
  const release = ['ccg', chartFolder, '--values', valuesOf(installation)];
  await helm(['install', ...release]);
  say(`helm install with ci/${installation}-values.yaml: ${await settled(kubectl, env)}`);
  const hooks = await helm(['get', 'hooks', 'ccg']);
  if (hooks.trim() !== '') {
    const taken = await dryRun(hooks);
    expect(taken.code === 0 && taken.stderr === '', 'the pod of helm test is not taken', taken);
    say(`the pod of helm test is taken: ${taken.stdout.trim()}`);
  }
  await helm(['upgrade', ...release, '--set', 'logLevel=debug']);
  say(`helm upgrade --set logLevel=debug: ${await settled(kubectl, env)}`);
  await helm(['rollback', 'ccg']);
  say(`helm rollback: ${await settled(kubectl, env)}`);
  await helm(['uninstall', 'ccg']);
  await mustRun(kubectl, ['delete', 'pods,replicasets', '--all', '--now', '-n', namespace], { env });
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
