import { describeProblems } from '@ccg/startup';
import type { Environment } from '@ccg/startup';
import { parseConfig } from './config.ts';
import type { ParsedConfig } from './config.ts';

const recordsNothing =
  'LOG_EXCHANGE works with npm start alone: it writes prompts to files, which no gateway of an organisation may do. Unset it.';
const needsKeys =
  "ALLOW_KEYLESS works with npm start alone, on one person's machine. Unset it, and give every developer an API key.";

/** The configuration of a gateway of an organisation, or all that its start refuses, in one message. */
export function parseStart(variables: Environment): ParsedConfig {
  const refused = [
    ...((variables['LOG_EXCHANGE'] ?? '') === '' ? [] : [recordsNothing]),
    ...(isOff(variables['ALLOW_KEYLESS']) ? [] : [needsKeys]),
  ];
  const parsed = parseConfig(variables);
  if (refused.length === 0) return parsed;
  if (parsed.kind === 'valid') return { kind: 'faulty', problems: refused, message: refused.join('\n') };
  const problems = [...refused, ...parsed.problems];
  return { kind: 'faulty', problems, message: describeProblems(problems) };
}

/** A faulty value is not off: whoever wrote it wanted something. */
function isOff(value = ''): boolean {
  return value === '' || value.toLowerCase() === 'false';
}
