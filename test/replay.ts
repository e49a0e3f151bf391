import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeReplay } from './contract/replay/describe-replay.ts';
import { judge } from './contract/replay/judge.ts';
import { ExchangeFileError, readExchange } from './contract/replay/read-exchange.ts';
import { replayExchange } from './contract/replay/replay-exchange.ts';
import { writeFixture } from './contract/replay/write-fixture.ts';

const usage = 'npm run replay -- FILE [--out DIR]';

/** `npm run replay -- FILE`: what a recorded exchange gives now. With `--out` it also becomes a fixture. */
try {
  process.exitCode = await run();
} catch (thrown) {
  const isReadersFault = thrown instanceof ExchangeFileError || (thrown instanceof Error && 'code' in thrown);
  if (!isReadersFault) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new ExchangeFileError(`Name one recorded exchange: ${usage}`);
  const exchange = readExchange(await readFile(file, 'utf8'));
  const replayed = await replayExchange(exchange);
  const verdict = judge(exchange, replayed);
  console.log(describeReplay(exchange, replayed, verdict));
  if (values.out !== undefined) {
    const written = await writeFixture(values.out, exchange);
    console.log(
      `${values.out} holds ${written.join(', ')}. State the rule in its meta.json, and correct what is wrong.`,
    );
  }
  return verdict.isGood ? 0 : 1;
}
