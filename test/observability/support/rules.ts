import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '../../gates/repository-root.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Recording {
  readonly record: string;
  readonly expr: string;
}

export const rulesFolder: string = join(repositoryRoot, 'deploy/prometheus');
export const ruleFiles: readonly string[] = ['recording-rules.yaml', 'alerts.yaml'].map((file) =>
  join(rulesFolder, file),
);
export const runbooksFolder: string = join(repositoryRoot, 'deploy/runbooks');

export function readAlerts(): readonly Alert[] {
  return readRules<Alert>('alerts.yaml');
}

export function readRecordings(): readonly Recording[] {
  return readRules<Recording>('recording-rules.yaml');
}

function readRules<Rule>(file: string): readonly Rule[] {
  const { groups } = parse(readFileSync(join(rulesFolder, file), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** `CcgProviderDown` → `provider-down.md`. */
export function runbookFile(alert: string): string {
  return `${alert
    .replace(/^Ccg/u, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/gu, '-')
    .toLowerCase()}.md`;
}

export function readRunbook(alert: string): string {
  return readFileSync(join(runbooksFolder, runbookFile(alert)), 'utf8');
}
