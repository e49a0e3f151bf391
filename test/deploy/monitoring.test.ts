import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { prometheusPrograms } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { repositoryRoot } from '../gates/repository-root.ts';
import { runPromtool } from '../observability/support/promtool.ts';

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only: boolean;
}

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (Mount | string)[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}

const read = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const services = ['prometheus', 'grafana'].map((name) => ({ name, service: compose.services[name] ?? { image: '' } }));

describe.each(services)('the service $name', ({ service }) => {
  const mounts = (service.volumes ?? []).filter((volume) => typeof volume !== 'string');

  test('has an image of one version', () => {
    expect(service.image).toMatch(/^[\w/]+:v?\d+\.\d+\.\d+$/u);
  });

  test('reads folders of this repository and cannot change them', () => {
    expect(mounts.length).toBeGreaterThan(0);
    for (const { type, source, read_only: readOnly } of mounts) {
      expect({ type, readOnly, isFolder: statSync(join(repositoryRoot, source)).isDirectory() }).toEqual({
        type: 'bind',
        readOnly: true,
        isFolder: true,
      });
    }
  });

  test('is published on the loopback address unless it is told otherwise', () => {
    expect(service.ports).toHaveLength(1);
    for (const port of service.ports ?? []) expect(port).toMatch(/^(?:\$\{\w+:-127\.0\.0\.1\}|127\.0\.0\.1):/u);
  });
});

test('Prometheus takes its configuration, and asks every app at its ops listener', async () => {
  const { promtool } = await prometheusPrograms();
  const file = 'deploy/prometheus/prometheus.yml';
  expect(runPromtool(promtool, ['check', 'config', join(repositoryRoot, file)])).toMatchObject({ status: 0 });
  const { scrape_configs: scrapes } = parse(read(file)) as {
    readonly scrape_configs: readonly {
      readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[];
    }[];
  };
  const asked = scrapes.flatMap((scrape) => scrape.dns_sd_configs.map(({ names, port }) => `${names.join()}:${port}`));
  const apps = Object.entries(compose.services).flatMap(([name, { environment = {} }]) =>
    environment['OPS_PORT'] === undefined ? [] : [`${name}:${environment['OPS_PORT']}`],
  );
  expect(asked.toSorted()).toEqual(apps.toSorted());
  expect(apps.length).toBeGreaterThan(1);
});

test('Grafana finds Prometheus and the dashboards where compose puts them', () => {
  const provisioning = 'deploy/grafana/provisioning';
  const { datasources } = parse(read(`${provisioning}/datasources/prometheus.yaml`)) as {
    readonly datasources: readonly { readonly type: string; readonly url: string }[];
  };
  expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
  const { providers } = parse(read(`${provisioning}/dashboards/claude-code-gateway.yaml`)) as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  const targets = (compose.services['grafana']?.volumes ?? []).flatMap((volume) =>
    typeof volume === 'string' ? [] : [[volume.target, volume.source] as const],
  );
  const places = new Map(targets);
  expect(places.get('/etc/grafana/provisioning')).toBe(`./${provisioning}`);
  const dashboards = providers.map(({ options }) => places.get(options.path) ?? '');
  for (const folder of dashboards) expect(existsSync(join(repositoryRoot, folder, 'ccg-overview.json'))).toBe(true);
});
