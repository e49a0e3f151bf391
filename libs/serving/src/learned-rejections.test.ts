import { createProvider, createTarget } from '@ccg/catalog';
import { createManualClock } from '@ccg/testkit';
import type { Rejection } from '@ccg/translation';
import { expect, test } from 'vitest';
import { createLearnedRejections, overridingLimits } from './learned-rejections.ts';
import type { LearnedCount } from './learned-rejections.ts';

const provider = createProvider({
  name: 'anthropic',
  dialect: 'anthropic',
  baseUrl: 'http://127.0.0.1:9',
  credential: undefined,
});
const target = (model: string) => createTarget({ provider, model });

const field = (path: string): Rejection => ({ kind: 'field', path });
const limit = (contextTokens: number | undefined, outputTokens: number | undefined): Rejection => ({
  kind: 'limit',
  limits: { contextTokens, outputTokens },
});
const hourMs = 60 * 60 * 1000;

test('what a target rejected is known for it alone, and adds up', () => {
  const learned = createLearnedRejections(createManualClock());
  learned.learn(target('a'), [field('top_p'), limit(8192, undefined)]);
  learned.learn(target('a'), [field('stop'), limit(undefined, 1000)]);
  expect(learned.of(target('a')).filter(({ kind }) => kind === 'field')).toEqual([field('top_p'), field('stop')]);
  const known = { contextTokens: 1, outputTokens: 1 };
  expect(overridingLimits(known, learned.of(target('a')))).toEqual({ contextTokens: 8192, outputTokens: 1000 });
  expect(learned.of(target('b'))).toEqual([]);
});

test('each rejection is forgotten an hour after it was learned, whatever was learned since', () => {
  const clock = createManualClock();
  const learned = createLearnedRejections(clock);
  learned.learn(target('a'), [field('top_p')]);
  clock.advance(hourMs - 1);
  learned.learn(target('a'), [field('stop')]);
  expect(learned.of(target('a'))).toHaveLength(2);
  clock.advance(1);
  expect(learned.of(target('a'))).toEqual([field('stop')]);
  clock.advance(hourMs);
  expect(learned.of(target('a'))).toEqual([]);
  expect(learned.counts()).toEqual([]);
});

test('the newest number that a server states counts', () => {
  const learned = createLearnedRejections(createManualClock());
  learned.learn(target('a'), [{ kind: 'capacity', what: 'images', maximum: 8 }, limit(8192, undefined)]);
  learned.learn(target('a'), [{ kind: 'capacity', what: 'images', maximum: 4 }, limit(4096, undefined)]);
  expect(learned.of(target('a'))).toEqual([{ kind: 'capacity', what: 'images', maximum: 4 }, limit(4096, undefined)]);
});

test('rejections are counted by provider and kind, over all of its models', () => {
  const learned = createLearnedRejections(createManualClock());
  const everything: readonly Rejection[] = [
    field('top_p'),
    field('messages[].name'),
    { kind: 'value', path: 'reasoning_effort', refused: ['xhigh'], allowed: [] },
    { kind: 'value', path: 'reasoning_effort', refused: ['max'], allowed: [] },
    { kind: 'capacity', what: 'images', maximum: 4 },
    { kind: 'schema', without: { keyword: 'pattern' } },
    { kind: 'schema', without: 'constraints' },
    { kind: 'form', form: 'calls without tools' },
    limit(1, 1),
  ];
  learned.learn(target('a'), everything);
  learned.learn(target('b'), [field('top_p')]);
  const count = (kind: LearnedCount['kind'], number: number) => ({ provider: 'anthropic', kind, count: number });
  expect(learned.counts()).toEqual([
    count('field', 2),
    count('message_field', 1),
    count('value', 2),
    count('capacity', 1),
    count('schema', 2),
    count('form', 1),
    count('limit', 2),
  ]);
});

test('names of models without end, or rejections without end, do not fill the memory', () => {
  const learned = createLearnedRejections(createManualClock());
  for (let model = 0; model <= 1000; model += 1) learned.learn(target(String(model)), [field('stop')]);
  expect(learned.of(target('0'))).toEqual([]);
  expect(learned.of(target('1000'))).toHaveLength(1);
  for (let name = 0; name <= 100; name += 1) learned.learn(target('1000'), [field(`field_${name}`)]);
  expect(learned.of(target('1000'))).toHaveLength(100);
});
