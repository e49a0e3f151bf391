import type { ChatProfile } from '@ccg/catalog';
import { jsonListAt } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { captureLines } from './fixture-cases.ts';
import { bodyText, translate } from './translate.ts';

const captures = new Map(captureLines('claude-code.jsonl').map(({ name, body }) => [name, body]));
const turns = [
  ['10-tools-turn1', '11-tools-turn2'],
  ['11-tools-turn2', '12-tools-turn3-parallel-results'],
  ['12-tools-turn3-parallel-results', '13-tools-turn4'],
] as const;

// A backend reuses what it has computed for a prompt only as long as the next prompt begins with the same text.
test.each(
  turns.flatMap(([shorter, longer]) =>
    (['openai', 'nvidia', 'openrouter', 'compatible'] as const).flatMap((profile) =>
      // Those of the second take turns.
      ['gpt-4.1', 'mistralai/devstral-2'].map((model) => ({ shorter, longer, profile, model })),
    ),
  ),
)('the messages of $longer begin with those of $shorter ($profile, $model)', ({ shorter, longer, profile, model }) => {
  const [before, after] = [messagesOf(shorter, profile, model), messagesOf(longer, profile, model)];
  expect(before.length).toBeGreaterThan(1);
  expect(after.slice(0, before.length)).toEqual(before);
});

test.each(turns)(
  'where marks of what to cache are kept, %s differs from %s by their places alone',
  (shorter, longer) => {
    const [before, after] = [shorter, longer].map((name) => messagesOf(name, 'openrouter', 'anthropic/claude-opus-5'));
    expect(JSON.stringify(before)).toContain('cache_control');
    expect(unmarked(after).slice(0, before?.length)).toEqual(unmarked(before));
  },
);

function unmarked(messages: readonly unknown[] | undefined): readonly unknown[] {
  const list: readonly unknown[] = JSON.parse(
    JSON.stringify(messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value)),
  );
  return list;
}

function messagesOf(name: string, profile: ChatProfile, model: string): readonly unknown[] {
  const body = captures.get(name);
  if (body === undefined) throw new Error(`no capture ${name}`);
  return jsonListAt(JSON.parse(bodyText(translate(body, { dialect: 'openai-chat', model, profile }))), 'messages');
}
