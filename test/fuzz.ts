import { parseArgs } from 'node:util';
import { fuzzStreams } from './contract/fuzz/fuzz-streams.ts';

/** `npm run fuzz -- --seed 1 --runs 1000000`, and with the path of a failure to see it again. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    runs: { type: 'string', default: '100000' },
    path: { type: 'string' },
  },
});

for (const dialect of ['openai-chat', 'anthropic'] as const) {
  const seed = Number(values.seed) | 0;
  console.log(`${dialect}: ${values.runs} streams of seed ${seed}`);
  fuzzStreams(dialect, {
    seed,
    runs: Number(values.runs),
    ...(values.path === undefined ? {} : { path: values.path }),
  });
}
