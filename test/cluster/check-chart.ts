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

/** Pods are made and replaced by an installation, an upgrade and a rollback, and none goes before another is ready. */
async function checkRelease({ helm, dryRun, kubectl, env }: Programs, installation: string): Promise<void> {
  const release = ['ccg', chartFolder, '--values', valuesOf(installation)];
  await helm(['install', ...release]);
  say(`helm install with ci/${installation}-values.yaml: ${await settled(kubectl, env, 'from nothing')}`);
  const hooks = await helm(['get', 'hooks', 'ccg']);
  if (hooks.trim() !== '') {
    const taken = await dryRun(hooks);
    expect(taken.code === 0 && taken.stderr === '', 'the pod of helm test is not taken', taken);
    say(`the pod of helm test is taken: ${taken.stdout.trim()}`);
  }
  await helm(['upgrade', ...release, '--set', 'logLevel=debug']);
  say(`helm upgrade --set logLevel=debug: ${await settled(kubectl, env, 'always available')}`);
  await helm(['rollback', 'ccg']);
  say(`helm rollback: ${await settled(kubectl, env, 'always available')}`);
  await helm(['uninstall', 'ccg']);
  await mustRun(kubectl, ['delete', 'pods,replicasets,persistentvolumeclaims', '--all', '--now', '-n', namespace], {
    env,
  });
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
const spec = z.object({ replicas: z.number() });
const count = z.number().default(0);
const deployment = z.object({
  kind: z.literal('Deployment'),
  metadata,
  spec,
  status: z.object({ observedGeneration: count, updatedReplicas: count, replicas: count, availableReplicas: count }),
});
const owner = z.object({
  kind: z.enum(['ReplicaSet', 'StatefulSet']),
  metadata,
  spec,
  status: z.object({ replicas: count, readyReplicas: count }),
});
const controlled = z.discriminatedUnion('kind', [deployment, owner]);
type Controlled = z.infer<typeof controlled>;
const event = z.object({ reason: z.string().optional(), message: z.string().optional() });
const pod = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({ phase: z.string().optional() }),
});

/**
 * Waits until the last change is complete, and gives the pods that there are. No event may say that a pod could not be made,
 * and where pods are there already, never fewer may be ready than are wanted.
 */
async function settled(
  kubectl: string,
  env: Readonly<Record<string, string>>,
  expected: 'from nothing' | 'always available',
): Promise<string> {
  const list = async (kinds: string): Promise<unknown> =>
    JSON.parse((await mustRun(kubectl, ['-n', namespace, 'get', kinds, '-o', 'json'], { env })).stdout);
  const deadline = Date.now() + settleTimeoutMs;
  for (;;) {
    const { items } = listOf(controlled).parse(await list('deployments,replicasets,statefulsets'));
    const { items: events } = listOf(event).parse(await list('events'));
    const failed = events.find(({ reason }) => reason === 'FailedCreate');
    if (failed !== undefined) throw new Error(`FailedCreate: ${failed.message}`);
    const short = items.find(
      (item) => item.kind === 'Deployment' && item.status.availableReplicas < item.spec.replicas,
    );
    if (expected === 'always available' && short !== undefined)
      throw new Error(`Too few pods: ${JSON.stringify(short)}`);
    const behind = items.filter((item) => !isDone(item));
    if (items.length > 0 && behind.length === 0) return items.flatMap(podsOf).join(', ');
    if (Date.now() > deadline) throw new Error(`The change does not end: ${JSON.stringify(behind)}`);
    await playNode(kubectl, env, listOf(pod).parse(await list('pods')).items);
    await sleep(300);
  }
}

/** One of the pods that wait becomes ready, as a node would say. */
async function playNode(
  kubectl: string,
  env: Readonly<Record<string, string>>,
  pods: readonly z.infer<typeof pod>[],
): Promise<void> {
  const waiting = pods.find(({ status }) => status.phase !== 'Running');
  if (waiting === undefined) return;
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const patch = ['patch', 'pod', waiting.metadata.name, '--subresource=status', '-p', JSON.stringify({ status })];
  // It may be gone by now.
  await runProgram(kubectl, ['-n', namespace, ...patch], { env });
}

/** Whether the last change has been acted on, and is complete. */
function isDone(item: Controlled): boolean {
  const wanted = item.spec.replicas;
  if (item.kind !== 'Deployment') return item.status.replicas === wanted && item.status.readyReplicas === wanted;
  const { observedGeneration, updatedReplicas, replicas, availableReplicas } = item.status;
  const counts = [updatedReplicas, replicas, availableReplicas];
  return observedGeneration === item.metadata.generation && counts.every((number) => number === wanted);
}

function podsOf(item: Controlled): readonly string[] {
  if (item.kind === 'Deployment' || item.spec.replicas === 0) return [];
  const { replicas } = item.status;
  return [`${item.kind}/${item.metadata.name} ${replicas} ${replicas === 1 ? 'pod' : 'pods'}`];
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
