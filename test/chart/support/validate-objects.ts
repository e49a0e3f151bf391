import { fileURLToPath } from 'node:url';
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';

import { kubeVersions } from './chart.ts';
import type { KubeObject } from './chart.ts';
import type { ChartTools } from './chart-tools.ts';
import { runProgram } from './run-program.ts';

const program = fileURLToPath(new URL('../python/validate.py', import.meta.url));

/** What Kubernetes would refuse, at every supported version: one line each. */
export type Validate = (objects: readonly KubeObject[]) => Promise<readonly string[]>;

/** Kinds that are not Kubernetes's own: the packages of their makers know them. */
const customKinds: Readonly<Record<string, (object: KubeObject) => { validate(): void }>> = {
  HTTPRoute: (object) => new HTTPRoute(object as never),
  PrometheusRule: (object) => new PrometheusRule(object as never),
  ScaledObject: (object) => new ScaledObject(object as never),
  ServiceMonitor: (object) => new ServiceMonitor(object as never),
};

export function createValidator({ python }: ChartTools): Validate {
  return async (objects) => {
    const own = objects.filter(({ kind }) => customKinds[kind] === undefined);
    const orders = kubeVersions.flatMap((version) => own.map((object) => ({ version, object })));
    const input = orders.map((order) => `${JSON.stringify(order)}\n`).join('');
    const { code, stdout, stderr } = await runProgram(python, [program], { input });
    if (code !== 0) throw new Error(`${program} ended with ${code}.\n${stderr}`);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    if (answers.length !== orders.length) throw new Error(`${program} answered ${answers.length} of ${orders.length}.`);
    return [
      ...orders.flatMap(({ version, object }, index) => {
        const problem = answers[index];
        return problem === null ? [] : [`${nameOf(object)} at ${version}: ${JSON.stringify(problem)}`];
      }),
      ...objects.flatMap(customProblems),
    ];
  };
}

function customProblems(object: KubeObject): readonly string[] {
  try {
    customKinds[object.kind]?.(object).validate();
    return [];
  } catch (thrown) {
    return [`${nameOf(object)}: ${String(thrown)}`];
  }
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;
