import { jsonListAt } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { captureLines } from './fixture-cases.ts';
import { bodyText, historyNames, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const captures = new Map(captureLines('claude-code.jsonl').map(({ name, body }) => [name, body]));
const turns = [
  ['10-tools-turn1', '11-tools-turn2'],
  ['11-tools-turn2', '12-tools-turn3-parallel-results'],
  ['12-tools-turn3-parallel-results', '13-tools-turn4'],
] as const;

const chat = { dialect: 'openai-chat' } as const;
const compatible = { dialect: 'anthropic', model: 'm' } as const;
const targets: readonly TestTarget[] = [
  ...(['openai', 'nvidia', 'openrouter', 'compatible'] as const).flatMap((profile) =>
    // Those of the second take turns.
    ['gpt-4.1', 'mistralai/devstral-2'].map((model) => ({ ...chat, profile, model })),
  ),
  ...(['kimi', 'ollama'] as const).map((anthropicProfile) => ({ ...compatible, anthropicProfile })),
  { dialect: 'openai-responses', model: 'gpt-5.2' },
  { dialect: 'openai-responses', model: 'm', profile: 'compatible' },
  { dialect: 'ollama', model: 'm' },
  { dialect: 'gemini', model: 'gemini-2.5-flash' },
  { dialect: 'gemini', model: 'gemini-3-flash' },
];

// A backend reuses what it has computed for a prompt only as long as the next prompt begins with the same text.
test.each(
  turns.flatMap(([shorter, longer]) => targets.map((target) => ({ shorter, longer, target, name: nameOf(target) }))),
)('the messages of $longer begin with those of $shorter ($name)', ({ shorter, longer, target }) => {
  const [before, after] = [messagesOf(shorter, target), messagesOf(longer, target)];
  expect(before.length).toBeGreaterThan(0);
  expect(after.slice(0, before.length)).toEqual(before);
});

const sealed = (state: object) => `ccg1.${Buffer.from(JSON.stringify(state)).toString('base64url')}`;

/** What has to be changed in a history before a backend takes it. */
const oddTurns = [
  { role: 'user', content: 'Go' },
  ...[1, 2, 3].flatMap((turn) => [
    {
      role: 'assistant',
      content: [
        { type: 'redacted_thinking', data: sealed({ v: 1, call: 'call_0', members: { extra_content: { turn } } }) },
        { type: 'tool_use', id: 'call_0', name: 'multi_tool_use.parallel', input: { turn, half: '\ud83d' } },
        {
          type: 'tool_use',
          id: `functions.Bash:${turn % 2}`,
          name: `Read file ${turn % 2}`,
          input: {},
        },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_0', content: `result ${turn}\ude00` }] },
  ]),
];

test.each(targets.map((target) => ({ target, name: nameOf(target) })))(
  'what is changed of a history does not depend on what follows ($name)',
  ({ target }) => {
    const sent = [3, 5, 7].map((count) => {
      const request = { model: 'm', max_tokens: 9, messages: oddTurns.slice(0, count) };
      return sentMessages(JSON.stringify(request), target);
    });
    const [longest = []] = sent.slice(-1);
    for (const shorter of sent) expect(longest.slice(0, shorter.length)).toEqual(shorter);
  },
);

function nameOf({ dialect, profile, anthropicProfile, model }: TestTarget): string {
  return `${profile ?? anthropicProfile ?? dialect}, ${model}`;
}

test.each(turns)(
  'where marks of what to cache are kept, %s differs from %s by their places alone',
  (shorter, longer) => {
    const marked = { ...chat, profile: 'openrouter', model: 'anthropic/claude-opus-5' } as const;
    const [before, after] = [messagesOf(shorter, marked), messagesOf(longer, marked)];
    expect(JSON.stringify(before)).toContain('cache_control');
    expect(unmarked(after).slice(0, before.length)).toEqual(unmarked(before));
  },
);

function unmarked(messages: readonly unknown[]): readonly unknown[] {
  const list: readonly unknown[] = JSON.parse(
    JSON.stringify(messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value)),
  );
  return list;
}

function messagesOf(name: string, target: TestTarget): readonly unknown[] {
  const body = captures.get(name);
  if (body === undefined) throw new Error(`no capture ${name}`);
  return sentMessages(body, target);
}

function sentMessages(body: string, target: TestTarget): readonly unknown[] {
  const sent: unknown = JSON.parse(bodyText(translate(body, target)));
  return jsonListAt(sent, historyNames[target.dialect]);
}
