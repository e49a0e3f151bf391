import { anthropicFrames, callTool, say } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createStreamGrammar } from './stream-grammar.ts';

const whole = anthropicFrames({ content: [say('Half of it.'), callTool('toolu_1', 'Bash', { command: 'ls' })] }, 'm');

function faultsOf(frames: readonly (string | Uint8Array)[], isComplete = true): readonly string[] {
  const faults: string[] = [];
  const grammar = createStreamGrammar((rule) => faults.push(rule));
  for (const frame of frames) grammar.check(frame);
  if (isComplete) grammar.complete();
  return faults;
}

function at(name: string, occurrence = 0): number {
  const found = whole.flatMap((frame, index) => (frame.startsWith(`event: ${name}\n`) ? [index] : []))[occurrence];
  if (found === undefined) throw new Error(`The stream has no ${name}.`);
  return found;
}

const delta = whole[at('content_block_delta')] ?? '';
const stop = whole[at('content_block_stop')] ?? '';
const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
const error = 'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no"}}\n\n';

test.each<readonly [string, readonly (string | Uint8Array)[]]>([
  ['frame by frame', whole],
  ['in one piece, as bytes', [Buffer.from(whole.join(''))]],
  ['with carriage returns', whole.map((frame) => frame.replaceAll('\n', '\r\n'))],
  [
    'without the names of events, and with spaces',
    whole.map((frame) => frame.replace(/^event.*\n/u, '').replaceAll('":', '" : ')),
  ],
  [
    'with pings, comments and events of a name that is not known',
    whole.flatMap((frame) => [ping, ': comment\n\n', frame, 'event: new\ndata: {}\n\n']).slice(0, -1),
  ],
  ['that ends with an error inside a block', [...whole.slice(0, at('content_block_delta') + 1), error]],
  ['that is an error', [error]],
])('a stream %s keeps to the grammar', (_how, frames) => {
  expect(faultsOf(frames)).toEqual([]);
});

test.each<readonly [string, readonly string[]]>([
  ['before_start', whole.slice(1)],
  ['before_start', whole.slice(at('message_delta'))],
  ['second_start', [...whole.slice(0, 1), ...whole]],
  ['nested_block', whole.toSpliced(at('content_block_stop'), 1)],
  ['index_gap', whole.map((frame) => frame.replace('"index":1', '"index":2'))],
  ['outside_block', whole.toSpliced(at('content_block_start'), 1)],
  ['outside_block', [...whole.slice(0, at('content_block_delta')), delta.replace('"index":0', '"index":1')]],
  ['outside_block', whole.toSpliced(at('content_block_stop'), 0, stop)],
  ['open_block', whole.toSpliced(at('content_block_stop', 1), 1)],
  ['no_stop_reason', whole.toSpliced(at('message_delta'), 1)],
  ['after_end', [...whole, delta]],
  ['unfinished', whole.slice(0, -1)],
])('%s is found, and nothing else of that stream', (rule, frames) => {
  expect(faultsOf(frames)).toEqual([rule]);
});

test('a stream that broke off is no fault of its grammar', () => {
  expect(faultsOf(whole.slice(0, 4), false)).toEqual([]);
});

test('a text that looks like an event is none', () => {
  const text = String.raw`event: message_stop\n\ndata: {\"index\":7}`;
  const odd = delta.replace('Half', text);
  expect(odd).toContain('event: message_stop');
  expect(faultsOf(whole.map((frame) => (frame === delta ? odd : frame)))).toEqual([]);
});
