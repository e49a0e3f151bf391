import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startProcess } from '@ccg/testkit';
import type { StartedProcess } from '@ccg/testkit';
import type { Kubernetes } from './build-kubernetes.ts';
import { mustRun, runProgram } from '../chart/support/run-program.ts';

export interface Cluster {
  /** Of an administrator. */
  readonly kubeconfig: string;
  readonly serverVersion: string;
  readonly stop: () => Promise<void>;
}

const startTimeoutMs = 120_000;

/** A control plane on loopback ports: objects are judged, controlled and made into pods. No node runs them. */
export async function startCluster(kubernetes: Kubernetes, kubectl: string): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-cluster-'));
  const started: StartedProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.toReversed()) {
      child.killGroup();
      await child.exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [etcdPort, peerPort, port, managerPort] = await freePorts(4);
    const kubeconfig = await writeCredentials(folder, port);
    const start = (name: keyof Omit<Kubernetes, 'definitions'>, args: readonly string[]): StartedProcess => {
      const child = startProcess({ command: kubernetes[name], args, cwd: folder, env: { HOME: folder, PATH: '' } });
      started.push(child);
      return child;
    };
    start('etcd', etcdArguments(folder, etcdPort, peerPort));
    const server = start('kube-apiserver', serverArguments(folder, etcdPort, port));
    const kubectlArgs = ['--kubeconfig', kubeconfig];
    await until(
      async () => (await runProgram(kubectl, [...kubectlArgs, 'get', '--raw', '/readyz'])).code === 0,
      server,
    );
    const manager = start('kube-controller-manager', managerArguments(folder, kubeconfig, managerPort));
    const hasAccount = ['-n', 'default', 'get', 'serviceaccount', 'default'];
    await until(async () => (await runProgram(kubectl, [...kubectlArgs, ...hasAccount])).code === 0, manager);
    for (const file of kubernetes.definitions) {
      await mustRun(kubectl, [...kubectlArgs, 'apply', '--server-side', '-f', file]);
    }
    const { stdout } = await mustRun(kubectl, [...kubectlArgs, 'version']);
    return { kubeconfig, serverVersion: /Server Version: (\S+)/u.exec(stdout)?.[1] ?? 'unknown', stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

const etcdArguments = (folder: string, port: number, peerPort: number): readonly string[] => [
  `--data-dir=${folder}/etcd`,
  `--listen-client-urls=http://127.0.0.1:${port}`,
  `--advertise-client-urls=http://127.0.0.1:${port}`,
  `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
  `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
  '--log-level=error',
];

const serverArguments = (folder: string, etcdPort: number, port: number): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${folder}/certificates`,
  `--token-auth-file=${folder}/tokens.csv`,
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.96.0.0/16',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${folder}/service-accounts.pem`,
  `--service-account-signing-key-file=${folder}/service-accounts.pem`,
];

const managerArguments = (folder: string, kubeconfig: string, port: number): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--authentication-kubeconfig=${kubeconfig}`,
  `--authorization-kubeconfig=${kubeconfig}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${folder}/certificates`,
  `--service-account-private-key-file=${folder}/service-accounts.pem`,
  '--leader-elect=false',
];

/** The token of an administrator, the key of service accounts, and the kubeconfig, which is given. */
async function writeCredentials(folder: string, port: number): Promise<string> {
  const token = randomBytes(24).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(join(folder, 'service-accounts.pem'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return kubeconfig;
}

/** Waits for `isDone`, as long as `child` runs. */
async function until(isDone: () => Promise<boolean>, child: StartedProcess): Promise<void> {
  let ended = false;
  child.exited.then(
    () => (ended = true),
    () => (ended = true),
  );
  const deadline = Date.now() + startTimeoutMs;
  while (!(await isDone())) {
    if (ended || Date.now() > deadline) throw new Error(`The cluster does not start.\n${child.stderr().slice(-4000)}`);
    await sleep(300);
  }
}

async function freePorts(count: number): Promise<[number, number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
  for (const server of servers) server.close();
  const [first = 0, second = 0, third = 0, fourth = 0] = ports;
  return [first, second, third, fourth];
}
