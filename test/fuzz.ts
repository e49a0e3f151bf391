import { parseArgs } from 'node:util';
import { fuzzFaults, fuzzStreams } from './contract/fuzz/fuzz-streams.ts';

/** `npm run fuzz -- --seed 1 --runs 1000000`, and with `--only streams` or `--only faults` and the path of a failure to see it again. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    runs: { type: 'string', default: '100000' },
    path: { type: 'string' },
    only: { type: 'string' },
  },
});

for (const dialect of ['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'] as const) {
  const seed = Number(values.seed) | 0;
  console.log(`${dialect}: ${values.runs} streams of seed ${seed}`);
  const plan = { seed, runs: Number(values.runs), ...(values.path === undefined ? {} : { path: values.path }) };
  if (values.only !== 'faults') fuzzStreams(dialect, plan);
  if (values.only !== 'streams') fuzzFaults(dialect, plan);
}
