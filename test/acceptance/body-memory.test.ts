import { anthropicFrames, anthropicSseHead, createGate, playModel, say, waitFor, write } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import type { OpenStream } from './support/open-stream.ts';
import { sendRaw } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const turn = { content: [say('fine')] };
let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('body-memory', {
    PREFERRED_PROVIDER: 'anthropic',
    MAX_BODY_BYTES_IN_FLIGHT: String(32 * 1024 * 1024),
  });
});
afterAll(() => suite.close());

const largeBytes = 20_000_000;
const bodyOf = (size: number) => ({
  model: 'claude-haiku-5-5',
  max_tokens: 64,
  stream: true,
  messages: [{ role: 'user', content: 'x'.repeat(size) }],
});

const ask = (size: number): Promise<OpenStream> =>
  openStream(`${suite.gateway.url}/v1/messages`, suite.apiKey, bodyOf(size));

async function heldBytes(): Promise<number> {
  const text = await (await fetch(`${suite.gateway.opsUrl}/metrics`)).text();
  return Number(/^ccg_body_bytes_in_flight (\d+)$/mu.exec(text)?.[1]);
}

test('bodies have room together as long as they are held: others get a 529, and come in when an answer has begun', async () => {
  const arrived = createGate();
  const [begin, end] = [createGate(), createGate()];
  const frames = anthropicFrames(turn, 'm').map(write);
  suite.upstream.play(() => {
    arrived.open();
    return [
      waitFor(begin.opened),
      ...anthropicSseHead(),
      ...frames.slice(0, 4),
      waitFor(end.opened),
      ...frames.slice(4),
    ];
  });
  const first = ask(largeBytes);
  await arrived.opened;
  expect(await heldBytes()).toBeGreaterThan(largeBytes);

  const refused = await sendRaw(suite.gateway.url, {
    headers: [
      ['content-type', 'application/json'],
      ['x-api-key', suite.apiKey],
    ],
    body: JSON.stringify(bodyOf(largeBytes)),
  });
  expect(refused).toMatchObject({ status: 529, headers: { 'retry-after': '5' } });
  expect(JSON.parse(refused.text)).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } });
  expect(await suite.gateway.waitForLog((line) => line['outcome'] === 'capacity_memory')).toMatchObject({
    status: 529,
  });

  begin.open();
  const answer = await first;
  await answer.readUntil((text) => text.includes('text_delta'));
  expect(await heldBytes()).toBe(0);
  suite.upstream.play(playModel([turn]));
  const second = await ask(largeBytes);
  await second.frames();
  expect(second.status).toBe(200);
  end.open();
  await answer.frames();
});
