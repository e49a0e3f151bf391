import { test } from 'vitest';
import { fuzzFaults, fuzzStreams } from './fuzz-streams.ts';

// The same streams in every run. `npm run fuzz` takes other ones, and replays a failure by its seed and path.
test.each(['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'] as const)(
  'of 10,000 broken streams of %s each ends whole or in one error',
  (dialect) => {
    fuzzStreams(dialect, { seed: 20261122, runs: 10_000 });
  },
);

test.each(['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'] as const)(
  'of 5,000 answers of %s with holes, snapshots, shared ids or wholes for deltas none is a success that says something else',
  (dialect) => {
    fuzzFaults(dialect, { seed: 20261127, runs: 5_000 });
  },
);
