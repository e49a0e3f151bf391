import { assertNever } from '@ccg/kernel';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

interface PlacedMessage {
  readonly path: Path;
  readonly message: string;
}

/** What an operator reads about a place in the file. Values are left out: one may be a secret in the wrong place. */
export function describeIssue(issue: Issue, around: Path): PlacedMessage[] {
  const path = [...around, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a setting that is known here' }));
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union':
      return describeUnion(issue, path);
    case 'invalid_value':
      return [{ path, message: customMessage(issue.message) ?? `must be ${issue.values.map(String).join(' or ')}` }];
    case 'invalid_type':
      return [
        { path, message: customMessage(issue.message) ?? `must be ${typeNames[issue.expected] ?? issue.expected}` },
      ];
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [{ path, message: issue.message }];
    default:
      return assertNever(issue);
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a section of NAME: value lines',
  record: 'a section of NAME: value lines',
  array: 'a list',
  string: 'a text. If it is there and looks like a number, put it into quotes',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

/** zod's own words say nothing to an operator. */
function customMessage(message: string): string | undefined {
  return /^(?:Invalid|Too|Unrecognized)/u.test(message) ? undefined : message;
}

function describeUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path): PlacedMessage[] {
  const custom = customMessage(issue.message);
  if (custom !== undefined) return [{ path, message: custom }];
  if ('options' in issue && Array.isArray(issue.options)) {
    return [{ path, message: `must be ${issue.options.map(String).join(' or ')}` }];
  }
  // The alternative that is of the right type says what is wrong within it.
  const fitting = issue.errors.find(
    (issues) => !issues.some((one) => one.path.length === 0 && one.code === 'invalid_type'),
  );
  if (fitting !== undefined) return fitting.flatMap((one) => describeIssue(one, path));
  return [{ path, message: 'must be a text, or a section of NAME: value lines' }];
}
