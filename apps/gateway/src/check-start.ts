import { catalogFileVariable, checkConfig } from '@ccg/startup';
import type { CheckedConfig, Environment } from '@ccg/startup';
import { parseStart } from './parse-start.ts';

/**
 * Checks a file, in an environment that may lack the rest; or without one all that a start of the gateway reads. Says what it
 * has checked. Calls nobody.
 */
export function checkStart(file: string | undefined, variables: Environment): CheckedConfig {
  if (file !== undefined) return checkConfig(file, variables);
  const parsed = parseStart(variables);
  if (parsed.kind === 'faulty') return { exitCode: 1, text: parsed.message };
  const { exitCode, text } = checkConfig(undefined, variables);
  return exitCode === 0 ? { exitCode, text: `${checkedText(variables)}\n${text}` } : { exitCode, text };
}

function checkedText(variables: Environment): string {
  const file = variables[catalogFileVariable]?.trim() ?? '';
  const read = file === '' ? `no file: ${catalogFileVariable} is unset` : `the file of ${catalogFileVariable}`;
  return `Checked the variables of a gateway, and ${read}. It would start with them. Nobody was called: neither Redis nor a provider.`;
}
