import type { ToolCall } from './run-tool.ts';

/** The gates that are tools, in the order in which `check` runs them. */
export const steps = {
  oxfmt: { tool: 'oxfmt', args: ['--check'] },
  oxlint: { tool: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  tsc: { tool: 'tsc', args: [] },
  knip: { tool: 'knip', args: ['--no-progress'] },
  'knip --strict': { tool: 'knip', args: ['--no-progress', '--strict', '--files', '--dependencies'] },
} as const satisfies Record<string, ToolCall>;
