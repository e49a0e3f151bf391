import { isJsonObject, readJson } from '@ccg/wire';
import { expect, test } from 'vitest';
import { readRequestedThinking, closestEffort } from './requested-thinking.ts';

const system = (effort: string) => ({ role: 'system', output_config: { effort } });

test.each([
  ['nothing', {}, undefined],
  ['adaptive alone', { thinking: { type: 'adaptive' } }, 'high'],
  ['a small budget', { thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low'],
  ['a large budget', { thinking: { type: 'enabled', budget_tokens: 31_999 } }, 'xhigh'],
  ['between tools', { thinking: { type: 'between_tools' } }, 'low'],
  [
    'an effort over a budget',
    { thinking: { type: 'enabled', budget_tokens: 1024 }, output_config: { effort: 'max' } },
    'max',
  ],
  [
    'the last turn over the request',
    { output_config: { effort: 'max' }, messages: [system('high'), system('low'), { role: 'system' }] },
    'low',
  ],
  ['switched off over any effort', { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }, 'none'],
  ['an unknown level', { output_config: { effort: 'utmost' } }, undefined],
])('%s', (_name, request, effort) => {
  const body = readJson(JSON.stringify(request));
  const requested = readRequestedThinking(isJsonObject(body) ? body : {});
  expect(requested.kind === 'asked' ? requested.effort : undefined).toBe(effort);
});

test.each([
  ['max', ['none', 'low', 'high'], 'high'],
  ['medium', ['low', 'high'], 'low'],
  ['low', ['none', 'high', 'max'], 'high'],
  ['none', ['high', 'low'], 'low'],
  ['none', ['low', 'none'], 'none'],
  ['high', [], undefined],
] as const)('%s among %j is %s', (wanted, levels, closest) => {
  expect(closestEffort(wanted, levels)).toBe(closest);
});
