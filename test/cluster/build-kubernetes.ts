import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

import { repositoryRoot } from '../gates/repository-root.ts';
import { mustRun } from '../chart/support/run-program.ts';

const folder = fileURLToPath(new URL('./', import.meta.url));
const version = { major: '1', minor: '37', full: 'v1.37.2' };

/** Without it a server says that it is 0.0.0, and helm refuses the chart. */
const stamp = 'k8s.io/component-base/version.git';
const linkerFlags = [
  '-s -w',
  `-X ${stamp}Version=${version.full} -X ${stamp}Major=${version.major} -X ${stamp}Minor=${version.minor}`,
].join(' ');

/** Name of the program → its package. */
const programs = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
} as const;

/** Definitions of kinds that are not Kubernetes's own, in the modules of their makers. */
const definitions = {
  'sigs.k8s.io/gateway-api@v1.5.0': 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  'github.com/prometheus-operator/prometheus-operator@v0.93.0':
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
} as const;

export type Kubernetes = Readonly<Record<keyof typeof programs, string>> & {
  /** Files with the definitions of HTTPRoute and ServiceMonitor. */
  readonly definitions: readonly string[];
};

/** Builds the servers once for each list of modules, out of sources whose digests are in go.sum: eight minutes on two idle cores. */
export async function buildKubernetes(): Promise<Kubernetes> {
  const lists = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(folder, file))));
  const digest = createHash('sha256').update(Buffer.concat(lists)).update(linkerFlags).digest('hex').slice(0, 12);
  const place = join(repositoryRoot, '.cache', `kubernetes-${digest}`);
  await mkdir(place, { recursive: true });
  for (const [name, source] of Object.entries(programs)) {
    const file = join(place, name);
    if (existsSync(file)) continue;
    console.log(`Building ${name} ...`);
    const options = { cwd: folder, env: { CGO_ENABLED: '0' } };
    await mustRun('go', ['build', '-trimpath', '-ldflags', linkerFlags, '-o', `${file}.unfinished`, source], options);
    await rename(`${file}.unfinished`, file);
  }
  const file = (name: string): string => join(place, name);
  return {
    etcd: file('etcd'),
    'kube-apiserver': file('kube-apiserver'),
    'kube-controller-manager': file('kube-controller-manager'),
    definitions: await Promise.all(Object.entries(definitions).map(([module, path]) => findInModule(module, path))),
  };
}

async function findInModule(module: string, path: string): Promise<string> {
  const { stdout } = await mustRun('go', ['mod', 'download', '-json', module], { cwd: folder });
  return join(z.object({ Dir: z.string() }).parse(JSON.parse(stdout)).Dir, path);
}
