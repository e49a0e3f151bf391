import fc from 'fast-check';
import type { TestDialect, TestTarget } from '../translate.ts';
import { isDeepStrictEqual } from 'node:util';
import { bytesOf, passesThrough, plainRequest, playStream, translate } from '../translate.ts';
import { checkStream } from './check-stream.ts';
import { faultyStreams, renderFaulty, saidBy, wholeAnswers } from './faults.ts';
import { mutatedStreams } from './mutated-stream.ts';
import { streamParts } from './stream-parts.ts';

/** A failure is shrunk and prints its seed and its path, with which it comes again. */
interface FuzzPlan {
  readonly seed: number;
  readonly runs: number;
  readonly path?: string;
}

const chat = { dialect: 'openai-chat', model: 'acme-1' } as const;
const anthropic = { dialect: 'anthropic', model: 'acme-1' } as const;
const responses = { dialect: 'openai-responses', model: 'acme-1' } as const;
const ollama = { dialect: 'ollama', model: 'acme-1' } as const;
const gemini = { dialect: 'gemini', model: 'acme-1' } as const;
const targets: Readonly<Record<TestDialect, readonly TestTarget[]>> = {
  'openai-chat': [
    { ...chat, profile: 'openai' },
    { ...chat, profile: 'compatible' },
    { ...chat, profile: 'nvidia' },
    { ...chat, profile: 'openrouter' },
    { ...chat, profile: 'compatible', textCalls: true },
  ],
  anthropic: [
    { ...anthropic, anthropicProfile: 'claude' },
    { ...anthropic, anthropicProfile: 'deepseek' },
    { ...anthropic, anthropicProfile: 'llama-cpp' },
  ],
  'openai-responses': [
    { ...responses, profile: 'openai' },
    { ...responses, profile: 'compatible', textCalls: true },
  ],
  ollama: [ollama, { ...ollama, textCalls: true }],
  gemini: [gemini, { ...gemini, textCalls: true }],
};

/** Throws at the first stream of a dialect that its translator does not bring to a grammatical end. */
export function fuzzStreams(dialect: TestDialect, { seed, runs, path }: FuzzPlan): void {
  const parts = streamParts(dialect);
  fc.assert(
    fc.property(fc.constantFrom(...targets[dialect]), mutatedStreams(parts), (target, stream) => {
      checkStream(target, stream, parts);
    }),
    { seed, numRuns: runs, ...(path === undefined ? {} : { path }) },
  );
}

/**
 * Throws at the first answer with a hole, a snapshot, shared ids or deltas that are wholes which ends as a success and says
 * something else than the answer without them.
 */
export function fuzzFaults(dialect: TestDialect, { seed, runs, path }: FuzzPlan): void {
  const answers = wholeAnswers(dialect);
  fc.assert(
    fc.property(fc.constantFrom(...targets[dialect]), faultyStreams, (target, faulty) => {
      const stream = renderFaulty(faulty, answers, dialect);
      if (stream === undefined) return;
      // What passes through is not read, so that wholes remain wholes.
      if (passesThrough(target) && faulty.faults.some(({ kind }) => kind === 'wholes')) return;
      const play = (text: string) => playStream(translate(plainRequest, target), [bytesOf(text)]);
      const { text, progress } = play(stream);
      if (progress.state !== 'complete') return;
      const whole = play((answers[faulty.base % answers.length] ?? []).join(''));
      if (whole.progress.state !== 'complete') throw new Error('an answer without faults has failed');
      const said = saidBy(whole.text);
      // The same call with the same id is that call once more.
      const hasCallTwice = new Set(said.calls).size < said.calls.length;
      if (hasCallTwice && faulty.faults.some(({ kind }) => kind === 'ids')) return;
      if (!isDeepStrictEqual(saidBy(text), said)) throw new Error('a success that says something else');
    }),
    { seed, numRuns: runs, ...(path === undefined ? {} : { path }) },
  );
}
