import { z } from 'zod';

import type { RenderedObject } from './chart.ts';

/** The environment of a component's container, as the rendered objects make it. */
export interface Environment {
  /** Variables with a value. */
  readonly values: Readonly<Record<string, string>>;
  /** Variables out of a Secret: its name and the key in it. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Secrets of which every key is a variable. */
  readonly allOf: readonly string[];
}

const secretKey = z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) });
const container = z.object({
  name: z.string(),
  envFrom: z.array(
    z.object({
      configMapRef: z.object({ name: z.string() }).optional(),
      secretRef: z.object({ name: z.string() }).optional(),
    }),
  ),
  env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: secretKey.optional() })),
});
const deployment = z.object({
  spec: z.object({ template: z.object({ spec: z.object({ containers: z.array(container) }) }) }),
});
const configMap = z.object({ data: z.record(z.string(), z.string()) });

export function environmentOf(objects: readonly RenderedObject[], component: string): Environment {
  const find = (name: string): unknown => {
    const found = objects.find((object) => object.name === name);
    if (found === undefined) throw new Error(`There is no ${name}.`);
    return found.object;
  };
  const { containers } = deployment.parse(find(`Deployment/ccg-${component}`)).spec.template.spec;
  const { env, envFrom } = container.parse(containers.find(({ name }) => name === component));
  const data = envFrom.map(({ configMapRef }) =>
    configMapRef === undefined ? {} : configMap.parse(find(`ConfigMap/${configMapRef.name}`)).data,
  );
  const own = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  const secrets = env.flatMap(({ name, valueFrom }) =>
    valueFrom === undefined ? [] : [[name, `${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`] as const],
  );
  return {
    values: { ...Object.assign({}, ...data), ...Object.fromEntries(own) },
    secrets: Object.fromEntries(secrets),
    allOf: envFrom.flatMap(({ secretRef }) => (secretRef === undefined ? [] : [secretRef.name])),
  };
}
