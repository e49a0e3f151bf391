import { describe, expect, test } from 'vitest';
import { readFailure } from '../read-failure.ts';
import type { UpstreamCause } from '../upstream-cause.ts';
import { accountSentences } from './accounts.ts';
import { countSentences } from './counts.ts';
import { fieldSentences } from './fields.ts';
import { lengthSentences } from './lengths.ts';
import { formSentences, refusalSentences } from './requests.ts';
import { valueSentences } from './values.ts';
import type { Saying, Sentence } from './sentence.ts';

const table = [
  ...lengthSentences,
  ...countSentences,
  ...fieldSentences,
  ...valueSentences,
  ...formSentences,
  ...refusalSentences,
  ...accountSentences,
];

/** The statuses with which servers send such sentences, and the classes that they stand for there. */
const expected: Readonly<Record<Saying, readonly [status: number, ...kinds: UpstreamCause['kind'][]]>> = {
  // Prompt and answer together are more than the window: the numbers say which of them to make shorter.
  overflow: [400, 'overflow', 'answer-too-long'],
  'answer-too-long': [400, 'answer-too-long'],
  'more-than-a-minute': [429, 'overflow', 'answer-too-long'],
  affordable: [402, 'answer-too-long'],
  'text-too-long': [400, 'refused'],
  field: [400, 'field-rejected'],
  value: [400, 'value-rejected'],
  count: [400, 'count-exceeded'],
  schema: [400, 'schema-rejected'],
  'answers in one piece': [400, 'form-rejected'],
  'messages in any order': [400, 'form-rejected'],
  'calls without tools': [400, 'form-rejected'],
  'forced choice while thinking': [400, 'form-rejected'],
  thinking: [400, 'form-rejected'],
  'thinking with tools': [400, 'form-rejected'],
  'past reasoning': [400, 'form-rejected'],
  'history without reasoning': [400, 'form-rejected'],
  'calls without text': [400, 'form-rejected'],
  'reasoning in messages': [400, 'form-rejected'],
  'system messages': [400, 'form-rejected'],
  'system messages between turns': [500, 'form-rejected'],
  mistake: [500, 'refused'],
  'model-unknown': [400, 'model-unknown'],
  'account-empty': [429, 'account-empty'],
  'rate-limited': [429, 'rate-limited'],
  overloaded: [500, 'overloaded'],
  credential: [200, 'credential'],
  'content-refused': [403, 'refused'],
};

function causeOf(status: number, { says, path, pattern }: Sentence, message: string): UpstreamCause {
  // Sentences about a value, and those that name nothing, leave the name to a member beside them.
  const isNameless = says === 'field' && path === undefined && !/\(\?<(?:path|paths|at)>/u.test(pattern.source);
  const error = says === 'value' || isNameless ? { message, param: 'reasoning_effort' } : { message };
  return readFailure({ status, headers: [], body: JSON.stringify({ error }) }).cause;
}

describe.each(table.map((row, at) => ({ ...row, name: `${at} (${row.says})` })))('sentence $name', (row) => {
  const [status, ...kinds] = expected[row.says];

  test.each(row.examples.map(([text]) => text))('%s', (text) => {
    expect(row.pattern.test(text) && row.unless?.test(text) !== true).toBe(true);
    expect(kinds).toContain(causeOf(status, row, text).kind);
  });

  test('something else that looks alike', () => {
    // At this status any sentence would be one of a limit.
    const other = row.says === 'rate-limited' ? 200 : status;
    expect(kinds).not.toContain(causeOf(other, row, row.counter).kind);
  });
});

test.each(table)('every sentence has words as they were found, and where: %j', ({ examples }) => {
  expect(examples.length).toBeGreaterThan(0);
  expect(examples.map(([, source]) => source).join(' ')).not.toContain('hand-made');
});

test('no sentence takes longer than its text: every quantifier has a bound', () => {
  for (const { pattern, unless } of table) {
    for (const { source } of [pattern, unless ?? /x/u]) {
      // Without what stands in classes and behind backslashes, a star, a plus or `{n,}` is a quantifier.
      const bare = source.replace(/\\./gu, '').replace(/\[[^\]]*\]/gu, '');
      expect(bare).not.toMatch(/[*+]|\{\d+,\}/u);
    }
  }
});

test.each(table.flatMap(({ says, examples }) => examples.slice(0, 1).map(([text]) => [says, text] as const)))(
  'a body that repeats the words of "%s" without an end is read like a short one: %s',
  (_, text) => {
    const half = text.slice(0, Math.ceil(text.length / 2));
    const body = half.repeat(Math.ceil((64 * 1024) / half.length));
    expect(readFailure({ status: 400, headers: [], body }).message?.length).toBeLessThanOrEqual(4000);
  },
);
