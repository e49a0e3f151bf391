import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { repositoryRoot } from '../../gates/repository-root.ts';
import { ruleFiles } from './rules.ts';

interface Copies {
  readonly from: string;
  readonly to: string;
  readonly names: readonly string[];
}

/** Helm reads no file outside of its chart, so that the chart has copies. */
export function chartCopies(): readonly Copies[] {
  const chart = 'helm/claude-code-gateway/files';
  const dashboards = 'deploy/grafana/dashboards';
  return [
    { from: 'deploy/prometheus', to: `${chart}/prometheus`, names: ruleFiles.map((file) => basename(file)) },
    { from: dashboards, to: `${chart}/dashboards`, names: readdirSync(`${repositoryRoot}/${dashboards}`).toSorted() },
  ];
}
