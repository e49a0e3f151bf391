import fc from 'fast-check';
import type { TestDialect, TestTarget } from '../translate.ts';
import { checkStream } from './check-stream.ts';
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
